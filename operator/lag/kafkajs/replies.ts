/** Responses as the codecs of kafkajs 2.2.4 decode them. Offsets are decimal texts. */
export interface MetadataReply {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number;
    readonly topic: string;
    readonly partitionMetadata: readonly {
      readonly partitionErrorCode: number;
      readonly partitionId: number;
      /** -1: none. */
      readonly leader: number;
    }[];
  }[];
}

export interface CoordinatorReply {
  readonly errorCode: number;
  readonly coordinator: { readonly nodeId: number; readonly host: string; readonly port: number };
}

export interface OffsetFetchReply {
  readonly errorCode: number;
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      /** -1: never committed. */
      readonly offset: string;
      readonly metadata: string | null;
      readonly errorCode: number;
    }[];
  }[];
}

export interface DescribeGroupsReply {
  readonly groups: readonly {
    readonly errorCode: number;
    readonly groupId: string;
    readonly state: string;
    readonly members: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[];
  }[];
}

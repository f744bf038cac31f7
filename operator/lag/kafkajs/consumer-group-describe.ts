import type { Decoder, ProtocolDefinition } from './internals.ts';
import { internals } from './internals.ts';

/**
 * ConsumerGroupDescribe v0 (KIP-848), which kafkajs does not have: groups of the new consumer protocol are "Dead" to
 * DescribeGroups. A request of a flexible version begins, and its response too, with the tags of its header.
 * Schema: https://kafka.apache.org/protocol#The_Messages_ConsumerGroupDescribe
 */
export const CONSUMER_GROUP_DESCRIBE_KEY = 69;

export interface ConsumerGroupDescribeReply {
  readonly groups: readonly {
    readonly errorCode: number;
    readonly groupId: string;
    readonly state: string;
    readonly members: readonly {
      readonly memberId: string;
      readonly assignment: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
    }[];
  }[];
}

export const consumerGroupDescribe: ProtocolDefinition = {
  versions: ['0'],
  protocol: () => (options) => {
    const { groupIds } = options as { groupIds: readonly string[] };
    const encode = () => {
      const encoder = new internals.Encoder().writeUVarInt(NO_TAGS).writeUVarInt(groupIds.length + 1);
      for (const groupId of groupIds) encoder.writeUVarIntString(groupId);
      return Promise.resolve(encoder.writeBoolean(false).writeUVarInt(NO_TAGS));
    };
    return {
      request: {
        apiKey: CONSUMER_GROUP_DESCRIBE_KEY,
        apiVersion: 0,
        apiName: 'ConsumerGroupDescribe',
        encode,
      },
      response: { decode: (raw) => Promise.resolve(decode(new internals.Decoder(raw))) },
    };
  },
};

const NO_TAGS = 0;
const UUID_BYTES = 16;

function decode(decoder: Decoder): ConsumerGroupDescribeReply & { clientSideThrottleTime: number } {
  decoder.readTaggedFields();
  const clientSideThrottleTime = decoder.readInt32();
  return { clientSideThrottleTime, groups: decoder.readUVarIntArray(decodeGroup) ?? [] };
}

function decodeGroup(decoder: Decoder): ConsumerGroupDescribeReply['groups'][number] {
  const errorCode = decoder.readInt16();
  decoder.readUVarIntString(); // error message
  const groupId = decoder.readUVarIntString() ?? '';
  const state = decoder.readUVarIntString() ?? '';
  decoder.readInt32(); // group epoch
  decoder.readInt32(); // assignment epoch
  decoder.readUVarIntString(); // assignor
  const members = decoder.readUVarIntArray(decodeMember) ?? [];
  decoder.readInt32(); // authorized operations
  decoder.readTaggedFields();
  return { errorCode, groupId, state, members };
}

function decodeMember(decoder: Decoder) {
  const memberId = decoder.readUVarIntString() ?? '';
  decoder.readUVarIntString(); // instance
  decoder.readUVarIntString(); // rack
  decoder.readInt32(); // member epoch
  decoder.readUVarIntString(); // client
  decoder.readUVarIntString(); // host
  decoder.readUVarIntArray((inner) => inner.readUVarIntString()); // subscribed topics
  decoder.readUVarIntString(); // subscribed pattern
  const assignment = decodeAssignment(decoder);
  decodeAssignment(decoder); // target
  decoder.readTaggedFields();
  return { memberId, assignment };
}

function decodeAssignment(decoder: Decoder) {
  const partitions = decoder.readUVarIntArray((inner) => {
    inner.readBytes(UUID_BYTES);
    const topic = inner.readUVarIntString() ?? '';
    const numbers = inner.readUVarIntArray((number) => number.readInt32()) ?? [];
    inner.readTaggedFields();
    return { topic, partitions: numbers };
  });
  decoder.readTaggedFields();
  return partitions ?? [];
}

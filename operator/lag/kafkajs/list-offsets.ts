import { readInt64 } from './int64.ts';
import type { Decoder, ProtocolDefinition } from './internals.ts';
import { internals } from './internals.ts';

/**
 * ListOffsets v2 and v3, which have one form. kafkajs has them too, with an encoder of half a kilobyte for every
 * partition and an offset that is a text: here they are asked for by the thousand, every two seconds.
 * Schema: https://kafka.apache.org/protocol#The_Messages_ListOffsets
 */
export const LIST_OFFSETS_KEY = 2;

/** Instead of a time. */
export type ListedOffset = 'earliest' | 'latest';

export interface ListOffsetsRequest {
  readonly offset: ListedOffset;
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
}

export interface ListOffsetsReply {
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly errorCode: number;
      readonly offset: number;
    }[];
  }[];
}

export const listOffsets: ProtocolDefinition = {
  versions: ['2', '3'],
  protocol:
    ({ version }) =>
    (options) => ({
      request: {
        apiKey: LIST_OFFSETS_KEY,
        apiVersion: version,
        apiName: 'ListOffsets',
        encode: () => Promise.resolve(encode(options as ListOffsetsRequest)),
      },
      response: { decode: (raw) => Promise.resolve(decode(new internals.Decoder(raw))) },
    }),
};

const NO_REPLICA = -1;
/** What is written counts, also while its transaction is open. */
const READ_UNCOMMITTED = 0;
/** The lower half of an INT64; the upper is -1. */
const TIMES = { latest: -1, earliest: -2 } as const;

function encode({ offset, topics }: ListOffsetsRequest): object {
  const encoder = new internals.Encoder().writeInt32(NO_REPLICA).writeInt8(READ_UNCOMMITTED);
  encoder.writeInt32(topics.length);
  for (const { topic, partitions } of topics) {
    encoder.writeString(topic).writeInt32(partitions.length);
    for (const partition of partitions)
      encoder.writeInt32(partition).writeInt32(-1).writeInt32(TIMES[offset]);
  }
  return encoder;
}

function decode(decoder: Decoder): ListOffsetsReply & { clientSideThrottleTime: number } {
  const clientSideThrottleTime = decoder.readInt32();
  return { clientSideThrottleTime, topics: decoder.readArray(decodeTopic) };
}

function decodeTopic(decoder: Decoder): ListOffsetsReply['topics'][number] {
  const topic = decoder.readString() ?? '';
  return { topic, partitions: decoder.readArray(decodePartition) };
}

function decodePartition(decoder: Decoder) {
  const partition = decoder.readInt32();
  const errorCode = decoder.readInt16();
  readInt64(decoder); // timestamp
  return { partition, errorCode, offset: readInt64(decoder) };
}

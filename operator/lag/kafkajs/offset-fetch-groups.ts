import { readInt64 } from './int64.ts';
import type { Decoder, ProtocolDefinition } from './internals.ts';
import { internals } from './internals.ts';

/**
 * OffsetFetch v8 (KIP-709), Kafka 3.0 and later: the committed offsets of many groups in one request. kafkajs has it up
 * to v4, which asks for one group.
 * Schema: https://kafka.apache.org/protocol#The_Messages_OffsetFetch
 */
export const OFFSET_FETCH_KEY = 9;
const VERSION = 8;

export interface OffsetFetchGroupsRequest {
  readonly groups: readonly {
    readonly groupId: string;
    readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  }[];
}

export interface OffsetFetchGroupsReply {
  readonly groups: readonly FetchedGroup[];
}

export interface FetchedGroup {
  readonly groupId: string;
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly FetchedOffset[] }[];
  readonly errorCode: number;
}

export interface FetchedOffset {
  readonly partition: number;
  /** -1: never committed. */
  readonly offset: number;
  readonly metadata: string | null;
  readonly errorCode: number;
}

export const offsetFetchGroups: ProtocolDefinition = {
  versions: [String(VERSION)],
  protocol: () => (options) => ({
    request: {
      apiKey: OFFSET_FETCH_KEY,
      apiVersion: VERSION,
      apiName: 'OffsetFetch',
      encode: () => Promise.resolve(encode(options as OffsetFetchGroupsRequest)),
    },
    response: { decode: (raw) => Promise.resolve(decode(new internals.Decoder(raw))) },
  }),
};

const NO_TAGS = 0;
/** Offsets of open transactions are no reason to wait: what is committed counts. */
const REQUIRE_STABLE = false;

/** Into one buffer: an encoder for each partition would be half a kilobyte each. */
function encode({ groups }: OffsetFetchGroupsRequest): object {
  const encoder = new internals.Encoder().writeUVarInt(NO_TAGS).writeUVarInt(groups.length + 1);
  for (const { groupId, topics } of groups) {
    encoder.writeUVarIntString(groupId).writeUVarInt(topics.length + 1);
    for (const { topic, partitions } of topics) {
      encoder.writeUVarIntString(topic).writeUVarInt(partitions.length + 1);
      for (const partition of partitions) encoder.writeInt32(partition);
      encoder.writeUVarInt(NO_TAGS);
    }
    encoder.writeUVarInt(NO_TAGS);
  }
  return encoder.writeBoolean(REQUIRE_STABLE).writeUVarInt(NO_TAGS);
}

function decode(decoder: Decoder): OffsetFetchGroupsReply & { clientSideThrottleTime: number } {
  decoder.readTaggedFields();
  const clientSideThrottleTime = decoder.readInt32();
  return { clientSideThrottleTime, groups: decoder.readUVarIntArray(decodeGroup) ?? [] };
}

function decodeGroup(decoder: Decoder): FetchedGroup {
  const groupId = decoder.readUVarIntString() ?? '';
  const topics = decoder.readUVarIntArray(decodeTopic) ?? [];
  const errorCode = decoder.readInt16();
  decoder.readTaggedFields();
  return { groupId, topics, errorCode };
}

function decodeTopic(decoder: Decoder): FetchedGroup['topics'][number] {
  const topic = decoder.readUVarIntString() ?? '';
  const partitions = decoder.readUVarIntArray(decodePartition) ?? [];
  decoder.readTaggedFields();
  return { topic, partitions };
}

function decodePartition(decoder: Decoder): FetchedOffset {
  const partition = decoder.readInt32();
  const offset = readInt64(decoder);
  decoder.readInt32(); // leader epoch
  const metadata = decoder.readUVarIntString();
  const errorCode = decoder.readInt16();
  decoder.readTaggedFields();
  return { partition, offset, metadata, errorCode };
}

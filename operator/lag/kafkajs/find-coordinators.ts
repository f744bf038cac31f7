import type { Decoder, ProtocolDefinition } from './internals.ts';
import { internals } from './internals.ts';

/**
 * FindCoordinator v4 (KIP-699), Kafka 3.0 and later: the coordinators of many groups in one request. kafkajs has it up
 * to v2, which asks for one.
 * Schema: https://kafka.apache.org/protocol#The_Messages_FindCoordinator
 */
export const FIND_COORDINATOR_KEY = 10;
const VERSION = 4;

export interface FindCoordinatorsRequest {
  readonly groupIds: readonly string[];
}

export interface FindCoordinatorsReply {
  readonly coordinators: readonly {
    readonly groupId: string;
    readonly nodeId: number;
    readonly host: string;
    readonly port: number;
    readonly errorCode: number;
  }[];
}

export const findCoordinators: ProtocolDefinition = {
  versions: [String(VERSION)],
  protocol: () => (options) => ({
    request: {
      apiKey: FIND_COORDINATOR_KEY,
      apiVersion: VERSION,
      apiName: 'FindCoordinator',
      encode: () => Promise.resolve(encode(options as FindCoordinatorsRequest)),
    },
    response: { decode: (raw) => Promise.resolve(decode(new internals.Decoder(raw))) },
  }),
};

const NO_TAGS = 0;
const GROUP = 0;

function encode({ groupIds }: FindCoordinatorsRequest): object {
  const encoder = new internals.Encoder().writeUVarInt(NO_TAGS).writeInt8(GROUP);
  encoder.writeUVarInt(groupIds.length + 1);
  for (const groupId of groupIds) encoder.writeUVarIntString(groupId);
  return encoder.writeUVarInt(NO_TAGS);
}

function decode(decoder: Decoder): FindCoordinatorsReply & { clientSideThrottleTime: number } {
  decoder.readTaggedFields();
  const clientSideThrottleTime = decoder.readInt32();
  return { clientSideThrottleTime, coordinators: decoder.readUVarIntArray(decodeCoordinator) ?? [] };
}

function decodeCoordinator(decoder: Decoder): FindCoordinatorsReply['coordinators'][number] {
  const groupId = decoder.readUVarIntString() ?? '';
  const nodeId = decoder.readInt32();
  const host = decoder.readUVarIntString() ?? '';
  const port = decoder.readInt32();
  const errorCode = decoder.readInt16();
  decoder.readUVarIntString(); // error message
  decoder.readTaggedFields();
  return { groupId, nodeId, host, port, errorCode };
}

import { createRequire } from 'node:module';
import type { ConnectionOptions } from 'node:tls';
import type { SASLOptions } from 'kafkajs';

/**
 * The parts of kafkajs below its admin client: one connection to one broker, and the codecs of the protocol. The
 * admin client asks topic by topic and throws a whole answer away for the error of one partition; here a request
 * holds everything that a broker can be asked at once, and each partition keeps its own error.
 */
const PINNED = '2.2.4';

/** One request, ready to be encoded, with the decoder of its response. */
export interface ProtocolCall {
  readonly request: object;
  readonly response: {
    readonly decode: (raw: Buffer) => Promise<unknown>;
    /** Throws for the first error code that it finds: not used here. */
    readonly parse?: (decoded: unknown) => Promise<unknown>;
  };
}
export type ProtocolRequest = (options: object) => ProtocolCall;

/** A request in all of its versions. */
export interface ProtocolDefinition {
  readonly versions: readonly string[];
  readonly protocol: (choice: { readonly version: number }) => ProtocolRequest;
}

export interface Encoder {
  writeBoolean(value: boolean): this;
  writeInt8(value: number): this;
  writeInt32(value: number): this;
  writeString(value: string): this;
  writeUVarInt(value: number): this;
  writeUVarIntString(value: string): this;
}

export interface Decoder {
  readInt16(): number;
  readInt32(): number;
  readBytes(length: number): Buffer;
  readString(): string | null;
  readArray<Item>(reader: (decoder: Decoder) => Item): Item[];
  readUVarIntString(): string | null;
  readUVarIntArray<Item>(reader: (decoder: Decoder) => Item): Item[] | null;
  readTaggedFields(): void;
}

export interface RequestQueue {
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  readonly pending: readonly unknown[];
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

interface Connection {
  readonly socket?: { destroy(): void };
  rejectRequests(error: Error): void;
}

interface ConnectionPool {
  readonly pool: readonly Connection[];
  send(call: ProtocolCall): Promise<unknown>;
}

export interface Broker {
  readonly connectionPool: ConnectionPool;
  /** Socket, versions of the protocol, authentication. */
  connect(): Promise<void>;
  isConnected(): boolean;
  disconnect(): Promise<void>;
  /** Of each request, by its key, as the broker has told; null: not connected yet. */
  readonly versions: Readonly<
    Record<number, { readonly minVersion: number; readonly maxVersion: number }>
  > | null;
  /** The highest version of a request that both sides know. */
  lookupRequest(apiKey: number, definition: ProtocolDefinition): ProtocolRequest;
}

export interface PoolOptions {
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  readonly ssl: ConnectionOptions | undefined;
  readonly sasl: SASLOptions | undefined;
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  readonly logger: KafkajsLogger;
  readonly socketFactory: unknown;
}

export interface KafkajsLogger {
  namespace(): KafkajsLogger;
  debug(): void;
  info(): void;
  warn(): void;
  error(): void;
}

interface Internals {
  readonly Broker: new (options: {
    readonly connectionPool: ConnectionPool;
    readonly logger: KafkajsLogger;
    readonly allowAutoTopicCreation: boolean;
    readonly authenticationTimeout: number;
  }) => Broker;
  readonly ConnectionPool: new (options: PoolOptions) => ConnectionPool;
  readonly RequestQueue: { readonly prototype: RequestQueue };
  readonly apiKeys: Readonly<Record<string, number>>;
  readonly requests: Readonly<Record<string, ProtocolDefinition>>;
  readonly Encoder: new () => Encoder;
  readonly Decoder: new (bytes: Buffer) => Decoder;
  readonly createSocketFactory: () => unknown;
  /** Type and message of an error code of the protocol. */
  readonly createErrorFromCode: (code: number) => Error & { readonly type: string };
  readonly MemberAssignment: {
    decode(bytes: Buffer): { readonly assignment: Readonly<Record<string, readonly number[]>> } | null;
  };
}

/** @throws Error when this is not the kafkajs that the adapter was written for */
function load(): Internals {
  const require = createRequire(import.meta.url);
  const { version } = require('kafkajs/package.json') as { version: string };
  if (version !== PINNED)
    throw new Error(`The lag source was written for kafkajs ${PINNED}, this is ${version}.`);
  const source = (path: string): unknown => require(`kafkajs/src/${path}`);
  const { requests } = source('protocol/requests/index.js') as Pick<Internals, 'requests'>;
  const { createErrorFromCode } = source('protocol/error.js') as Pick<Internals, 'createErrorFromCode'>;
  const { MemberAssignment } = source('consumer/assignerProtocol.js') as Pick<Internals, 'MemberAssignment'>;
  return {
    Broker: source('broker/index.js') as Internals['Broker'],
    ConnectionPool: source('network/connectionPool.js') as Internals['ConnectionPool'],
    RequestQueue: source('network/requestQueue/index.js') as Internals['RequestQueue'],
    apiKeys: source('protocol/requests/apiKeys.js') as Internals['apiKeys'],
    createSocketFactory: source('network/socketFactory.js') as Internals['createSocketFactory'],
    requests,
    Encoder: source('protocol/encoder.js') as Internals['Encoder'],
    Decoder: source('protocol/decoder.js') as Internals['Decoder'],
    createErrorFromCode,
    MemberAssignment,
  };
}

export const internals = load();

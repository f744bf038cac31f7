import type { Deadline } from '../deadline.ts';
import type { UnknownReason } from '../../scaling/types.ts';
import { ReadFailure } from '../failure.ts';
import type { Address, OpenSecurity, RequestListener } from '../connection.ts';
import { CONSUMER_GROUP_DESCRIBE_KEY, consumerGroupDescribe } from './consumer-group-describe.ts';
import { FIND_COORDINATOR_KEY, findCoordinators } from './find-coordinators.ts';
import type { Broker, KafkajsLogger, ProtocolDefinition } from './internals.ts';
import { internals } from './internals.ts';
import { LIST_OFFSETS_KEY, listOffsets } from './list-offsets.ts';
import { OFFSET_FETCH_KEY, offsetFetchGroups } from './offset-fetch-groups.ts';

export interface BrokerLinkOptions {
  readonly address: Address;
  readonly clientId: string;
  /** Reads the secrets anew for every connection, so that they can be rotated. */
  readonly security: OpenSecurity;
  readonly onRequest: RequestListener;
  /** ms of a monotonic clock. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** What is asked; those of kafkajs, and with a plural of their own those that ask for many at once. */
const APIS = {
  Metadata: definitionOf('Metadata'),
  FindCoordinator: definitionOf('GroupCoordinator'),
  FindCoordinators: [FIND_COORDINATOR_KEY, findCoordinators],
  OffsetFetch: definitionOf('OffsetFetch'),
  OffsetFetchGroups: [OFFSET_FETCH_KEY, offsetFetchGroups],
  DescribeGroups: definitionOf('DescribeGroups'),
  ConsumerGroupDescribe: [CONSUMER_GROUP_DESCRIBE_KEY, consumerGroupDescribe],
  ListOffsets: [LIST_OFFSETS_KEY, listOffsets],
} as const satisfies Readonly<Record<string, readonly [key: number, definition: ProtocolDefinition]>>;
export type Api = keyof typeof APIS;

/** As Kafka calls it, whichever form of it is used. */
function nameOf(api: Api): string {
  if (api === 'OffsetFetchGroups') return 'OffsetFetch';
  return api === 'FindCoordinators' ? 'FindCoordinator' : api;
}

function definitionOf(name: string): readonly [number, ProtocolDefinition] {
  return [internals.apiKeys[name]!, internals.requests[name]!];
}

const CONNECT_MS = 5_000;
const REQUEST_MS = 5_000;
/** A broker that owes an answer for so long gets no further request: they would only pile up. */
const STALLED_MS = 1_500;
/**
 * What has hung for so long is given up. kafkajs gives up sooner, but by the wall clock: when that is set back, it waits
 * until the clock has caught up.
 */
const HUNG_MS = CONNECT_MS + REQUEST_MS;
const BACKOFF_MS = 500;
const BACKOFF_MAX_MS = 10_000;

const silent: KafkajsLogger = {
  namespace: () => silent,
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};

interface Connecting {
  readonly done: Promise<Broker>;
  readonly sinceMs: number;
  /** Ends it; `done` rejects then. */
  readonly giveUp: () => void;
}

/**
 * One connection to one broker. Opened by the first request; after a failure opened again, with a pause that
 * doubles up to 10 s and has jitter, so that many operators do not come back at the same moment. While it pauses
 * every request fails at once.
 */
export class BrokerLink {
  private readonly options: BrokerLinkOptions;
  private broker: Broker | undefined;
  private connecting: Connecting | undefined;
  private attempts = 0;
  private pausedUntilMs = 0;
  private lastFailure: ReadFailure | undefined;
  /** When each request that has no answer yet was sent, in that order. */
  private readonly unanswered = new Map<object, number>();
  private closed = false;

  constructor(options: BrokerLinkOptions) {
    this.options = options;
  }

  get name(): string {
    const { host, port } = this.options.address;
    return `${host}:${port}`;
  }

  isConnected(): boolean {
    return this.broker?.isConnected() ?? false;
  }

  /**
   * The decoded response, each partition with its own error code.
   * @throws ReadFailure when there is none within the deadline
   */
  async request<Reply>(api: Api, options: object, deadline: Deadline): Promise<Reply> {
    const name = nameOf(api);
    const what = `${this.name}, ${name}`;
    try {
      this.refuseWhenStalled();
      const broker = await deadline.race(this.open(), `connecting to ${this.name}`);
      const reply = await deadline.race(this.send<Reply>(broker, api, options), what);
      this.options.onRequest(name, 'ok');
      return reply;
    } catch (error) {
      this.options.onRequest(name, 'failed');
      throw toFailure(error, what);
    }
  }

  /**
   * Whether the broker knows a request in a version that we know too. Connects first, where there is no connection.
   * @throws ReadFailure when there is none within the deadline
   */
  async supports(api: Api, deadline: Deadline): Promise<boolean> {
    const { versions } = await deadline.race(this.open(), `connecting to ${this.name}`);
    const [key, definition] = APIS[api];
    const known = versions?.[key];
    if (known === undefined) return false;
    return definition.versions.some(
      (one) => Number(one) >= known.minVersion && Number(one) <= known.maxVersion,
    );
  }

  close(): void {
    this.closed = true;
    if (this.broker) this.drop(this.broker);
  }

  private refuseWhenStalled(): void {
    const [oldest] = this.unanswered.values();
    const waitedMs = oldest === undefined ? 0 : this.options.now() - oldest;
    if (waitedMs <= STALLED_MS) return;
    const failure = silence(this.name, waitedMs);
    if (waitedMs > HUNG_MS) {
      this.unanswered.clear();
      if (this.broker) this.broken(this.broker, failure);
    }
    throw failure;
  }

  private open(): Promise<Broker> {
    if (this.broker?.isConnected()) return Promise.resolve(this.broker);
    const { now } = this.options;
    if (this.connecting) {
      if (now() - this.connecting.sinceMs > HUNG_MS) this.connecting.giveUp();
      return this.connecting.done;
    }
    if (this.lastFailure && now() < this.pausedUntilMs) return Promise.reject(this.lastFailure);
    const sinceMs = now();
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    const done = this.connect(givenUp).finally(() => (this.connecting = undefined));
    // Whoever asked may have given up by then.
    done.catch(() => {});
    const giveUp = (): void => reject(silence(this.name, now() - sinceMs));
    this.connecting = { done, sinceMs, giveUp };
    return done;
  }

  /** @param givenUp rejects when it has taken too long */
  private async connect(givenUp: Promise<never>): Promise<Broker> {
    let broker: Broker | undefined;
    try {
      broker = await Promise.race([createBroker(this.options), givenUp]);
      await Promise.race([broker.connect(), givenUp]);
      if (this.closed) throw new Error('The connection is not needed any more.');
      this.broker = broker;
      return broker;
    } catch (error) {
      if (broker) this.drop(broker);
      this.lastFailure = toFailure(error, `connecting to ${this.name}`);
      this.pause();
      throw this.lastFailure;
    }
  }

  private async send<Reply>(broker: Broker, api: Api, options: object): Promise<Reply> {
    const [key, definition] = APIS[api];
    const { request, response } = broker.lookupRequest(key, definition)(options);
    const { decode } = response;
    this.unanswered.set(options, this.options.now());
    try {
      const parse = (decoded: unknown): Promise<unknown> => Promise.resolve(decoded);
      const reply = await broker.connectionPool.send({ request, response: { decode, parse } });
      this.attempts = 0;
      return reply as Reply;
    } catch (error) {
      // Time-out, closed or broken connection: the next request opens another. All that were under way fail with it.
      if (this.broker === broker) this.broken(broker, error);
      throw error;
    } finally {
      this.unanswered.delete(options);
    }
  }

  private broken(broker: Broker, error: unknown): void {
    this.drop(broker);
    this.lastFailure = toFailure(error, this.name);
    // One that has served well is tried again at once.
    if (this.attempts > 0) this.pause();
    else this.attempts = 1;
  }

  private pause(): void {
    const fullMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** this.attempts);
    this.attempts++;
    this.pausedUntilMs = this.options.now() + fullMs * (0.5 + this.options.random() / 2);
  }

  private drop(broker: Broker): void {
    if (this.broker === broker) {
      this.broker = undefined;
      // Whatever becomes of them, the next connection owes nothing.
      this.unanswered.clear();
    }
    for (const connection of broker.connectionPool.pool) {
      connection.rejectRequests(new Error('The connection was closed.'));
      connection.socket?.destroy();
    }
    void broker.disconnect().catch(() => {});
  }
}

async function createBroker({ address, clientId, security }: BrokerLinkOptions): Promise<Broker> {
  const { ssl, sasl } = await security().catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    throw new ReadFailure('Unauthorized', message, { cause: error });
  });
  const connectionPool = new internals.ConnectionPool({
    ...address,
    clientId,
    ssl,
    sasl,
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    enforceRequestTimeout: true,
    logger: silent,
    socketFactory: internals.createSocketFactory(),
  });
  return new internals.Broker({
    connectionPool,
    logger: silent,
    allowAutoTopicCreation: false,
    authenticationTimeout: CONNECT_MS,
  });
}

function silence(name: string, ms: number): ReadFailure {
  return new ReadFailure('ReadTimedOut', `${name} has not answered for ${Math.round(ms)} ms`);
}

function toFailure(error: unknown, what: string): ReadFailure {
  if (error instanceof ReadFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  const name = error instanceof Error ? error.name : '';
  return new ReadFailure(REASONS[name] ?? 'BrokerUnreachable', `${what}: ${message}`, {
    stale: true,
    cause: error,
  });
}

/** By the name of the error that kafkajs throws. */
const REASONS: Readonly<Record<string, UnknownReason>> = {
  KafkaJSSASLAuthenticationError: 'Unauthorized',
  KafkaJSRequestTimeoutError: 'ReadTimedOut',
  KafkaJSServerDoesNotSupportApiKey: 'OffsetsIncomplete',
};

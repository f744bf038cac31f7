import type { ProtocolDefinition } from '../../operator/lag/kafkajs/internals.ts';
import { internals } from '../../operator/lag/kafkajs/internals.ts';
import { until } from '../fixtures/until.ts';

export interface GroupOffsets {
  readonly group: string;
  readonly topic: string;
  readonly partitions: number;
  readonly offset: number;
  readonly metadata: string;
}

const TIMEOUT_MS = 60_000;

const silent = {
  namespace: () => silent,
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};

interface Reply {
  readonly responses: readonly { readonly partitions: readonly { readonly errorCode: number }[] }[];
}

/**
 * Commits for groups without members, many at once: the admin client joins each group for it, which takes seconds.
 * Resolves to those that the broker did not accept yet.
 */
async function commitOffsets(
  address: { readonly host: string; readonly port: number },
  all: readonly GroupOffsets[],
): Promise<readonly GroupOffsets[]> {
  const connectionPool = new internals.ConnectionPool({
    ...address,
    clientId: 'bench',
    ssl: undefined,
    sasl: undefined,
    connectionTimeout: TIMEOUT_MS,
    requestTimeout: TIMEOUT_MS,
    enforceRequestTimeout: true,
    logger: silent,
    socketFactory: internals.createSocketFactory(),
  });
  const options = { connectionPool, logger: silent, allowAutoTopicCreation: false };
  const broker = new internals.Broker({ ...options, authenticationTimeout: TIMEOUT_MS });
  await broker.connect();
  const [key, definition] = [
    internals.apiKeys['OffsetCommit']!,
    internals.requests['OffsetCommit'] as ProtocolDefinition,
  ];
  const refused = await Promise.all(
    all.map(async (one) => {
      const { request, response } = broker.lookupRequest(key, definition)(commitOf(one));
      const parse = (decoded: unknown): Promise<unknown> => Promise.resolve(decoded);
      const call = { request, response: { decode: response.decode, parse } };
      const { responses } = (await connectionPool.send(call)) as Reply;
      const accepted = responses.every(({ partitions }) =>
        partitions.every(({ errorCode }) => errorCode === 0),
      );
      return accepted ? [] : [one];
    }),
  );
  await broker.disconnect();
  return refused.flat();
}

function commitOf({ group, topic, partitions, offset, metadata }: GroupOffsets): object {
  const each = Array.from({ length: partitions }, (_, partition) => ({
    partition,
    offset: String(offset),
    metadata,
  }));
  // As whoever commits without being a member does.
  const outside = { groupGenerationId: -1, memberId: '', retentionTime: -1 };
  return { groupId: group, ...outside, topics: [{ topic, partitions: each }] };
}

/** As `commitOffsets`, until the broker has accepted them all. @throws after `timeoutMs` */
export async function commitAllOffsets(
  brokers: readonly string[],
  all: readonly GroupOffsets[],
  timeoutMs: number,
): Promise<void> {
  const [host = '', port] = brokers[0]!.split(':');
  let left = all;
  await until(
    'the offsets of all groups',
    async () => {
      left = await commitOffsets({ host, port: Number(port) }, left);
      return left.length === 0;
    },
    timeoutMs,
  );
}

import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMetrics } from '../../otel/metrics.ts';
import type { OutgoingMessage } from '../broker/port.ts';
import type { DeadLetter, OutboxRow } from '../store/port.ts';
import type { RelayOptions } from './relay.ts';
import { createRelay } from './relay.ts';

const REFUSED = new Error('MESSAGE_TOO_LARGE');
const AWAY = new Error('Kafka is away');
const AT = new Date(0);

function row(n: number, key = 'K'): OutboxRow {
  const content = {
    transactionId: `t${n}`,
    version: 1,
    event: 'new',
    data: `${n}`,
    traceparent: '',
    at: AT,
  } as const;
  return { outboxId: String(n), key, createdAt: AT, content: { kind: 'event', ...content } };
}

/** An outbox of one shard, and a broker that takes all but what it is told to refuse. */
class Rig {
  rows: OutboxRow[] = [];
  readonly sent: string[] = [];
  sends = 0;
  readonly letters: DeadLetter[] = [];
  readonly refused = new Set<string>();
  failures: Error[] = [];
  readonly mended: unknown[] = [];
  readonly topics = new Set<string>();

  options(more: Partial<RelayOptions> = {}): RelayOptions {
    return {
      prefix: 'sluice',
      store: {
        claim: (shards, limit, send) => this.claim(shards, limit, send),
        deadLetter: (l) => this.bury(l),
      },
      producer: { send: (messages) => this.send(messages), disconnect: () => Promise.resolve() },
      loops: 1,
      batchMax: 500,
      pollMinMs: 5,
      pollMaxMs: 50,
      isRefusedMessage: (error) => error === REFUSED,
      mend: (error) => {
        this.mended.push(error);
        return Promise.resolve(false);
      },
      metrics: createMetrics('test'),
      log: pino({ level: 'silent' }),
      ...more,
    };
  }

  private async claim(shards: readonly number[], limit: number, send: (rows: OutboxRow[]) => Promise<void>) {
    if (!shards.includes(0)) return 0;
    const batch = this.rows.slice(0, limit);
    if (batch.length > 0) await send(batch);
    this.rows = this.rows.slice(batch.length);
    return batch.length;
  }

  private bury(letters: readonly DeadLetter[]): Promise<void> {
    this.letters.push(...letters);
    return Promise.resolve();
  }

  private send(messages: readonly OutgoingMessage[]): Promise<void> {
    this.sends++;
    const failure = this.failures.shift();
    if (failure) return Promise.reject(failure);
    if (messages.some(({ value }) => this.refused.has(String(value)))) return Promise.reject(REFUSED);
    for (const { topic, value } of messages) {
      this.sent.push(String(value));
      this.topics.add(topic);
    }
    return Promise.resolve();
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function play(rig: Rig, ms: number, more: Partial<RelayOptions> = {}): Promise<number> {
  const relay = createRelay(rig.options(more));
  relay.start();
  await vi.advanceTimersByTimeAsync(ms);
  const last = relay.lastSuccessMs();
  const stopped = relay.stop();
  await vi.advanceTimersByTimeAsync(100);
  await stopped;
  return last;
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, n) => String(n));

test('sends everything in order, to the topic of its event', async () => {
  const rig = new Rig();
  rig.rows = Array.from({ length: 1_200 }, (_, n) => row(n));
  await play(rig, 100);
  expect(rig.sent).toEqual(numbers(1_200));
  expect(rig.sends).toBe(3);
  expect([...rig.topics]).toEqual(['sluice.transactions.new']);
});

test('waits out a failure, mends what it can, and goes on where it stopped', async () => {
  const rig = new Rig();
  rig.rows = Array.from({ length: 10 }, (_, n) => row(n));
  rig.failures = [AWAY, AWAY, AWAY];
  await play(rig, 2_000);
  expect(rig.sent).toEqual(numbers(10));
  expect(rig.mended).toEqual([AWAY, AWAY, AWAY]);
  expect(rig.letters).toEqual([]);
});

test('loops that fail at the same moment share one mending, and go on when it is done', async () => {
  const rig = new Rig();
  const options = rig.options();
  const broken = new Set([0, 1]);
  const claims: number[] = [];
  let mendings = 0;
  const claim: RelayOptions['store']['claim'] = ([first]) => {
    claims.push(first!);
    return broken.has(first!) ? Promise.reject(AWAY) : Promise.resolve(0);
  };
  const mend = async (): Promise<boolean> => {
    mendings++;
    await new Promise((resolve) => setTimeout(resolve, 20));
    broken.clear();
    return true;
  };
  await play(rig, 24, { loops: 2, store: { ...options.store, claim }, mend });
  expect(mendings).toBe(1);
  // Both have claimed again, though the shortest backoff is 100 ms.
  expect(claims).toEqual([0, 1, 0, 1]);
});

test('a mending that does not help is not repeated without a wait', async () => {
  const rig = new Rig();
  rig.rows = [row(0)];
  rig.failures = Array.from({ length: 1_000 }, () => AWAY);
  await play(rig, 10_000, { mend: () => Promise.resolve(true) });
  // 100 ms, doubling to a second, and once at once.
  expect(rig.sends).toBeLessThan(16);
  expect(rig.sends).toBeGreaterThan(11);
});

test('a mending that fails does not end the loop', async () => {
  const rig = new Rig();
  rig.rows = [row(0)];
  rig.failures = [AWAY];
  await play(rig, 2_000, { mend: () => Promise.reject(new Error('still away')) });
  expect(rig.sent).toEqual(['0']);
});

test('a message that Kafka refuses becomes a dead letter; what is around it is sent, in order', async () => {
  const rig = new Rig();
  rig.rows = Array.from({ length: 300 }, (_, n) => row(n));
  for (const n of ['0', '150', '299']) rig.refused.add(n);
  await play(rig, 5_000);
  expect(rig.letters).toMatchObject(
    ['0', '150', '299'].map((offset) => ({ offset, cause: 'refused-by-broker', stage: 'relay' })),
  );
  expect(rig.sent).toEqual(numbers(300).filter((n) => !rig.refused.has(n)));
});

test('finding the refused message sends the others a few times at the most', async () => {
  const rig = new Rig();
  rig.rows = Array.from({ length: 400 }, (_, n) => row(n));
  rig.refused.add('399');
  await play(rig, 60_000);
  expect(rig.letters.length).toBe(1);
  expect(rig.sent.length).toBe(399);
  // A batch that is refused may have been stored in part, on other partitions: each repetition is duplicates.
  expect(rig.sends).toBeLessThan(60);
});

test('a dead letter that its topic refuses stays in the table', async () => {
  const rig = new Rig();
  const content = {
    id: '1',
    redrive: false,
    topic: 't',
    key: null,
    value: Buffer.from('large'),
    headers: {},
  };
  rig.rows = [
    { outboxId: '1', key: '', createdAt: AT, content: { kind: 'dead-letter', ...content } },
    row(2),
  ];
  rig.refused.add('large');
  await play(rig, 1_000);
  expect(rig.letters).toEqual([]);
  expect(rig.sent).toEqual(['2']);
});

test('a dead letter goes to its dead-letter topic, a redriven one back to where it came from', async () => {
  const rig = new Rig();
  const content = { topic: 'a.new', key: null, value: Buffer.from('v'), headers: {} };
  rig.rows = [false, true].map((redrive, n) => ({
    outboxId: String(n),
    key: '',
    createdAt: AT,
    content: { kind: 'dead-letter' as const, id: String(n), redrive, ...content },
  }));
  await play(rig, 100);
  expect([...rig.topics]).toEqual(['a.new.dlq', 'a.new']);
});

test('an empty outbox is asked less and less often', async () => {
  const rig = new Rig();
  const options = rig.options();
  const claim = vi.fn<RelayOptions['store']['claim']>(() => Promise.resolve(0));
  const last = await play(rig, 10_000, { store: { ...options.store, claim } });
  expect(claim.mock.calls.length).toBeGreaterThan(150);
  expect(claim.mock.calls.length).toBeLessThan(250);
  expect(last).toBeGreaterThan(0);
});

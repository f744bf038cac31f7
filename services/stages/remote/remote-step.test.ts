import { expect, test } from 'vitest';
import { message } from '../../../test/fixtures/messages.ts';
import { LoadMeter } from '../../runtime/load-meter.ts';
import { parseMessage } from '../../runtime/parse-message.ts';
import type { StageMessage } from '../../runtime/parse-message.ts';
import type { RemoteOutcome } from '../../runtime/remote-client.ts';
import { Registry, TRANSACTION_TYPES } from '../../transactions/registry.ts';
import { createCircuit } from './circuit.ts';
import { createRemoteStep } from './remote-step.ts';

const ANSWER: RemoteOutcome = { kind: 'answered', statusCode: 200, body: { reference: 'R' }, calls: 1 };
const policy = { maxAttempts: 5, backoffMs: 100, backoffMaxMs: 1_000, refusedMaxMs: 60_000, random: () => 0 };

function validated(partition: number): StageMessage {
  const parsed = parseMessage(message({ event: 'validated', partition }));
  if (parsed.kind !== 'event') throw new Error(parsed.text);
  return parsed.message;
}

/** A remote stage that makes one call at a time; the calls it makes end when the test says so. */
function oneAtATime() {
  const calls: { readonly id: string; readonly answer: () => void }[] = [];
  const state = { attempts: 0, ambiguous: false, overdue: false, waiting: false, blocked: false };
  const step = createRemoteStep({
    registry: new Registry(TRANSACTION_TYPES),
    store: {
      progress: (ids) =>
        Promise.resolve(new Map(ids.map((id) => [id, { id, state: 'validated', ...state }]))),
    },
    client: {
      call: (id) => new Promise((resolve) => calls.push({ id, answer: () => resolve(ANSWER) })),
      close: () => Promise.resolve(),
    },
    circuit: createCircuit(),
    policy,
    concurrency: 1,
    load: new LoadMeter(1),
  });
  return { step, calls };
}

test('what queues for a call when its partition goes is not called: its new owner does that', async () => {
  const { step, calls } = oneAtATime();
  const mine = new Set([0, 1, 2]);
  const work = (one: StageMessage) => step(one, () => mine.has(one.origin.partition));
  const [first, second, third] = [validated(0), validated(1), validated(2)];
  const results = [work(first), work(second), work(third)];
  await expect.poll(() => calls.length).toBe(1);
  mine.delete(0);
  mine.delete(1);
  calls[0]!.answer();
  await expect.poll(() => calls.map(({ id }) => id)).toEqual([first.id, third.id]);
  calls[1]!.answer();
  // What was called already has its answer, whoever has the partition now.
  expect(await Promise.all(results)).toMatchObject([
    { kind: 'ok', emit: { event: 'remote-responded' } },
    { kind: 'drop', reason: 'revoked' },
    { kind: 'ok', emit: { event: 'remote-responded' } },
  ]);
});

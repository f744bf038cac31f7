import { expect, test } from 'vitest';
import { topicOf } from '../../services/domain/events.ts';
import { EVENT_NAMES, isPublished } from '../../services/domain/state-machine.ts';
import { FaultStack, LOAD as USUAL } from '../faults/fault-stack.ts';
import { play } from '../faults/round.ts';
import { readAll, sendAll } from '../faults/topics.ts';
import { POISONS, message } from '../fixtures/messages.ts';
import { seeded, shuffled } from '../fixtures/shuffle.ts';
import { until } from '../fixtures/until.ts';

/**
 * One short round of every kind of fault, many kinds at a time where they do not hide each other. The long rounds
 * are in test/faults.
 */
const stack = FaultStack.forThisFile({ replicas: { remote: 2 } });

const LOAD = { ...USUAL, ratePerSecond: 40, beforeMs: 1_000, afterMs: 500, minAccepted: 60 };
const ROUND_MS = 150_000;
const SERVICES = ['api-1', 'relay-1', 'validate-1', 'remote-1', 'persist-1', 'remote-simulator-1'];

test(
  'every service is killed, Kafka loses its disk and is not there when they start',
  { timeout: ROUND_MS },
  async () => {
    const { faults, tally } = await play(stack, {
      ...LOAD,
      name: 'kill -9 of every service; Kafka killed, wiped, and absent at start',
      fault: async () => {
        const before = new Map(SERVICES.map((name) => [name, stack.process(name).restarts]));
        stack.process('kafka').kill('SIGKILL');
        for (const name of SERVICES) stack.process(name).kill('SIGKILL');
        await stack.handles.wipeKafka();
        const again = (name: string) =>
          stack.process(name).restarts > before.get(name)! && stack.process(name).pid !== undefined;
        await until('all to be started again', () => SERVICES.every(again));
        await stack.handles.startKafka();
      },
    });
    expect(faults).toEqual([]);
    expect(tally.lost).toBeGreaterThan(0);
  },
);

const FAILING = { hangBeforeRate: 0.1, hangAfterRate: 0.1, errorBeforeRate: 0.1, errorAfterRate: 0.1 };
const HEALTHY = { hangBeforeRate: 0, hangAfterRate: 0, errorBeforeRate: 0, errorAfterRate: 0 };
const rebalances = () => stack.metric('remote', 'sluice_stage_rebalances_total');

test(
  'a replica stands still; meanwhile messages come again, with poison, Postgres is killed, the remote hangs and fails',
  { timeout: ROUND_MS },
  async () => {
    const poison = POISONS.map(({ spoil }) => spoil(message({ event: 'new' })));
    const { faults, tally } = await play(stack, {
      ...LOAD,
      name: 'SIGSTOP one of two, duplicates and poison, kill -9 Postgres, remote hangs and fails',
      fault: async () => {
        const zombie = stack.process('remote-2');
        const { pid } = zombie;
        const { brokers } = stack.endpoints;
        zombie.kill('SIGSTOP');
        const before = await rebalances();
        await stack.configureRemote(FAILING);
        const topics = EVENT_NAMES.filter(isPublished).map((event) => topicOf('sluice', event));
        const messages = await readAll(brokers, topics);
        expect(messages.length).toBeGreaterThan(100);
        await Promise.all([
          sendAll(brokers, shuffled([...messages, ...messages, ...poison], seeded(5))),
          stack.killAndWait('postgres'),
        ]);
        await stack.configureRemote(HEALTHY);
        // Its partitions go to the other one when its session is over.
        await until('the other to take over', async () => (await rebalances()) > before, 40_000);
        zombie.kill('SIGCONT');
        expect(zombie.pid).toBe(pid);
      },
    });
    expect(faults).toEqual([]);
    expect(tally.refusals).toBeGreaterThan(0);
    const letters = await stack.query<{ cause: string }>('select cause from dead_letter order by cause');
    expect(letters.map(({ cause }) => cause)).toEqual(POISONS.map(({ cause }) => cause).sort());
  },
);

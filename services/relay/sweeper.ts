import type { Logger } from 'pino';
import type { Metrics } from '../../otel/metrics.ts';
import type { BrokerAdmin } from '../broker/port.ts';
import { topicOf } from '../domain/events.ts';
import type { EventData } from '../domain/events.ts';
import { newTraceparent } from '../domain/ids.ts';
import type { Stage } from '../domain/stages.ts';
import { STAGES, concerns, groupOf } from '../domain/stages.ts';
import type { Order } from '../domain/state-machine.ts';
import { STATES, resumeEvent } from '../domain/state-machine.ts';
import type { Change, Overdue, StageStore, SweepHorizon, SweepStore } from '../store/port.ts';
import { Consumption, observeConsumption } from './consumption.ts';
import { toLetter } from './unreadable.ts';

export interface SweeperOptions {
  readonly prefix: string;
  readonly orders: readonly Order[];
  readonly store: SweepStore & Pick<StageStore, 'apply' | 'deadLetter'>;
  readonly admin: BrokerAdmin;
  readonly afterSeconds: number;
  readonly idempotencyTtlHours: number;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface Sweeper {
  /** Publishes the events of retries that are due, and ends what is past its deadline. */
  tick(): Promise<void>;
  /** Finds transactions whose event was lost and publishes it again. Needs Kafka. */
  sweep(): Promise<void>;
  /** Stops that for events that nobody can read: buries them, for somebody to look at. */
  bury(): Promise<void>;
  purge(): Promise<void>;
}

const LIMIT = 500;
/**
 * Publications of one event, over a quarter of an hour as it ships, after which what buries it is no passing
 * thing such as an old replica in the middle of an upgrade.
 */
const UNREADABLE_AFTER = 5;

/** One combination of order and state, and who has to consume what for it to move on. */
interface Watch {
  readonly order: Order;
  readonly state: (typeof STATES)[number];
  readonly reads: readonly { readonly group: string; readonly topic: string }[];
}

/**
 * Heals what the log alone cannot: a transaction that has not moved although every event for it has been
 * consumed has lost its event (Kafka lost its disk, say), so the event is published again. Duplicates are
 * harmless by construction, and a mere backlog is left alone.
 */
export function createSweeper(options: SweeperOptions): Sweeper {
  const { store, admin, metrics, log } = options;
  const watches = options.orders.flatMap((order) => watchesOf(order, options.prefix));
  const consumptions = new Map<string, Consumption>();
  const reemitted = metrics.counter('sluice.sweeper.reemitted');
  const expired = metrics.counter('sluice.sweeper.expired');
  const retries = metrics.counter('sluice.remote.retries');

  async function observe(at: Date): Promise<void> {
    const reads = new Map(
      watches.flatMap((watch) => watch.reads).map((read) => [`${read.group} ${read.topic}`, read]),
    );
    for (const [key, read] of reads) {
      const into = consumptions.get(key) ?? new Consumption();
      consumptions.set(key, into);
      await observeConsumption(admin, at, { ...read, into });
    }
  }

  function horizonOf(watch: Watch, oldest: Date | undefined): SweepHorizon | undefined {
    const moments = watch.reads.map(({ group, topic }) =>
      consumptions.get(`${group} ${topic}`)?.consumedUntil(),
    );
    if (oldest) moments.push(oldest);
    const times = moments.map((moment) => moment?.getTime() ?? Number.NaN);
    const before = Math.min(...times);
    return Number.isNaN(before)
      ? undefined
      : { order: watch.order, state: watch.state, before: new Date(before) };
  }

  return {
    tick: async () => {
      const due = await store.emitDueRetries(LIMIT);
      if (due > 0) retries.add(due);
      const overdue = await store.overdue(LIMIT);
      if (overdue.length === 0) return;
      const unmoved = await store.apply(overdue.map(toExpiry));
      expired.add(overdue.length - unmoved.length);
    },
    sweep: async () => {
      const { now, oldest } = await store.outboxState();
      await observe(now);
      for (const watch of watches) {
        const horizon = horizonOf(watch, oldest);
        const count = horizon ? await store.sweep([horizon], options.afterSeconds, LIMIT) : 0;
        if (count === 0) continue;
        reemitted.add(count, { state: watch.state });
        log.warn({ state: watch.state, count }, 'published again: these had lost their event');
      }
    },
    bury: async () => {
      const found = await store.unreadable(UNREADABLE_AFTER);
      if (found.length === 0) return;
      const letters = found.map((event) => toLetter(event, options.prefix));
      await store.deadLetter(letters);
      for (const { transactionId, message } of letters)
        log.error({ transactionId }, `not published again before a redrive: ${message}`);
    },
    purge: async () => {
      await store.purge(options.idempotencyTtlHours);
    },
  };
}

function watchesOf(order: Order, prefix: string): Watch[] {
  return STATES.flatMap((state) => {
    const event = resumeEvent(order, state);
    if (!event) return [];
    const stages: Stage[] = STAGES.filter((stage) => concerns(stage, order, event));
    const reads = stages.map((stage) => ({ group: groupOf(prefix, stage), topic: topicOf(prefix, event) }));
    return [{ order, state, reads }];
  });
}

/** In chained order nothing has been called; otherwise, or after a call without answer, it is undone first. */
function toExpiry(row: Overdue): Change {
  const { id, key, type, order, payload } = row;
  const reasons = [
    {
      code: 'deadline-passed',
      message: `The deadline ${row.deadline?.toISOString()} passed in state ${row.state}.`,
    },
  ];
  const base = { id, stage: 'relay', attempt: row.attempts, traceparent: newTraceparent() } as const;
  if (order === 'chained' && !row.ambiguous) {
    const data: EventData['expired'] = { id, key, type, order, reasons };
    return { ...base, event: 'expired', data: JSON.stringify(data) };
  }
  const data: EventData['compensation-requested'] = {
    id,
    key,
    type,
    order,
    payload,
    cause: 'expired',
    reasons,
  };
  return { ...base, event: 'compensation-requested', data: JSON.stringify(data) };
}

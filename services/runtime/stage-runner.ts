import type { Logger } from 'pino';
import type { Metrics } from '../../otel/metrics.ts';
import type { ProcessSpan } from '../../otel/tracing.ts';
import { startProcess } from '../../otel/tracing.ts';
import type { Consumer, IncomingMessage } from '../broker/port.ts';
import { madeAtMs } from '../domain/ids.ts';
import type { Stage } from '../domain/stages.ts';
import { concerns } from '../domain/stages.ts';
import { TERMINAL_STATES } from '../domain/state-machine.ts';
import type { Change, DeadLetter, StageStore, Unmoved } from '../store/port.ts';
import { encodeCommitMetadata } from './commit-metadata.ts';
import type { LoadMeter } from './load-meter.ts';
import { MicroBatcher } from './micro-batcher.ts';
import type { StageMessage } from './parse-message.ts';
import { parseMessage } from './parse-message.ts';
import { Partitions } from './partitions.ts';
import type { Emit, Step, StepResult } from './step.ts';

export interface StageRunnerOptions {
  readonly stage: Stage;
  readonly group: string;
  readonly consumer: Consumer;
  readonly store: StageStore;
  readonly step: Step;
  /** Messages taken over and not yet settled, at the most. */
  readonly window: number;
  readonly load: LoadMeter;
  /** Runs a statement again while the database is away. */
  readonly patience: <T>(work: () => Promise<T>) => Promise<T>;
  readonly isTransient: (error: unknown) => boolean;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Ends the process: what happened cannot be recovered from here. */
  readonly fatal: (error: unknown) => void;
}

export interface StageRunner {
  start(): Promise<void>;
  /** Finishes what has been taken over, commits, leaves the group. Bounded by `deadlineMs`. */
  stop(deadlineMs: number): Promise<void>;
  /** True, or why the stage is not consuming. */
  health(): true | string;
  readonly inFlight: number;
}

type Settled = 'moved' | 'stale' | 'skipped' | 'blocked' | 'dead-letter' | 'retry';

const COMMIT_INTERVAL_MS = 200;
const HEARTBEAT_INTERVAL_MS = 200;
/** Messages in a row that fail in a way nobody has foreseen: a broken deployment, not poison. */
const MAX_UNEXPECTED = 50;

/**
 * Runs one stage: takes messages over from Kafka up to a window, lets the step work on each, settles results
 * in batches, and commits what lies behind the oldest unsettled message. Fetching, working and settling
 * overlap; a slow message holds back only its partition's commit.
 */
export function createStageRunner(options: StageRunnerOptions): StageRunner {
  const { stage, consumer, store, metrics, log, fatal } = options;
  const partitions = new Partitions();
  const replica = crypto.randomUUID().slice(0, 8);
  /** Events being worked on, so that one that is delivered again meanwhile is not worked on twice. */
  const working = new Map<string, Promise<Settled>>();
  const instruments = createInstruments(metrics, stage);
  const batchers = new Map<string | undefined, MicroBatcher<Change, Unmoved | undefined>>();
  const letters = new MicroBatcher<DeadLetter, void>({
    flush: async (batch) => {
      await options.patience(() => store.deadLetter(batch));
      return batch.map(() => undefined);
    },
  });
  let inFlight = 0;
  let settledCount = 0;
  let unexpected = 0;
  let stopping = false;
  let committing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  metrics.gauge('sluice.stage.in_flight', () => [{ value: inFlight, attributes: { stage } }]);
  metrics.observedCounter('sluice.stage.busy', () => [
    { value: options.load.busySeconds(), attributes: { stage } },
  ]);

  async function onMessages(
    messages: readonly IncomingMessage[],
    heartbeat: () => Promise<void>,
  ): Promise<void> {
    for (const message of messages) {
      while (inFlight >= options.window || stopping) {
        await sleep(stopping ? HEARTBEAT_INTERVAL_MS : 5);
        await heartbeat();
        if (stopping && inFlight === 0) return;
      }
      const finish = partitions.add(message);
      if (finish) take(message, finish);
    }
    await heartbeat();
  }

  function take(message: IncomingMessage, finish: () => void): void {
    inFlight++;
    handle(message).then(
      (outcome) => {
        inFlight--;
        settledCount++;
        instruments.settled(outcome, message.timestampMs);
        finish();
      },
      (error: unknown) => fatal(error),
    );
  }

  async function handle(origin: IncomingMessage): Promise<Settled> {
    const parsed = parseMessage(origin);
    if (parsed.kind === 'poison') return bury(origin, parsed.cause, parsed.text);
    const { message } = parsed;
    if (!concerns(stage, message.data.order, message.event)) return 'skipped';
    const running = working.get(message.eventId);
    if (running) return running;
    const work = traced(message);
    working.set(message.eventId, work);
    try {
      return await work;
    } finally {
      working.delete(message.eventId);
    }
  }

  async function traced(message: StageMessage): Promise<Settled> {
    const { topic, partition, offset, timestampMs } = message.origin;
    const { id: transactionId, traceparent } = message;
    const span = startProcess({
      stage,
      group: options.group,
      topic,
      partition,
      offset,
      timestampMs,
      transactionId,
      traceparent,
    });
    try {
      const result = await span.run(() => attempt({ ...message, traceparent: span.traceparent }));
      const settled = await settle(message, result, span);
      span.end(settled);
      return settled;
    } catch (error) {
      span.end('failed', error);
      throw error;
    }
  }

  /** A failure that may pass is waited out; any other is this message's fault, up to a point. */
  async function attempt(message: StageMessage): Promise<StepResult> {
    try {
      const result = await options.patience(() => options.step(message));
      unexpected = 0;
      return result;
    } catch (error) {
      if (options.isTransient(error) || ++unexpected > MAX_UNEXPECTED) throw error;
      log.error({ err: error, transactionId: message.id, event: message.event }, 'step failed');
      return { kind: 'dlq', cause: 'step-failed', message: describe(error) };
    }
  }

  async function settle(message: StageMessage, result: StepResult, span: ProcessSpan): Promise<Settled> {
    switch (result.kind) {
      case 'drop':
        return result.reason;
      case 'dlq':
        return bury(message.origin, result.cause, result.message, message.id);
      case 'ok': {
        const change = toChange(stage, message, result.emit, span.traceparent);
        const unmoved = await apply(change, result.emit.settleSql, message);
        if (unmoved === 'buried') return 'dead-letter';
        if (unmoved?.reason === 'unknown')
          return bury(message.origin, 'unknown-id', `There is no transaction ${message.id}.`, message.id);
        if (unmoved) return 'stale';
        instruments.ended(message.id, result.emit.event);
        return result.emit.event === 'retry-scheduled' ? 'retry' : 'moved';
      }
    }
  }

  async function apply(
    change: Change,
    settleSql: string | undefined,
    message: StageMessage,
  ): Promise<Unmoved | undefined | 'buried'> {
    try {
      return await batcherFor(settleSql).add(change);
    } catch (error) {
      if (options.isTransient(error) || ++unexpected > MAX_UNEXPECTED) throw error;
      log.error({ err: error, transactionId: message.id, event: change.event }, 'statement failed');
      await bury(message.origin, 'statement-failed', describe(error), message.id);
      return 'buried';
    }
  }

  function batcherFor(settleSql: string | undefined): MicroBatcher<Change, Unmoved | undefined> {
    const known = batchers.get(settleSql);
    if (known) return known;
    const batcher = new MicroBatcher<Change, Unmoved | undefined>({
      flushers: 2,
      conflictKey: (change) => change.id,
      splitOn: (error) => !options.isTransient(error),
      flush: async (changes) => {
        const startMs = performance.now();
        const unmoved = await options.patience(() => store.apply(changes, { settleSql }));
        instruments.applied(changes.length, (performance.now() - startMs) / 1_000);
        const byId = new Map(unmoved.map((u) => [u.id, u]));
        return changes.map((change) => byId.get(change.id));
      },
    });
    batchers.set(settleSql, batcher);
    return batcher;
  }

  async function bury(
    origin: IncomingMessage,
    cause: string,
    message: string,
    transactionId?: string,
  ): Promise<'dead-letter'> {
    const { topic, partition, offset, key, value, headers } = origin;
    await letters.add({
      topic,
      partition,
      offset,
      key,
      value,
      headers,
      stage,
      cause,
      message,
      attempts: 1,
      transactionId,
    });
    instruments.buried(cause);
    log.warn({ topic, partition, offset, cause, transactionId }, 'dead letter');
    return 'dead-letter';
  }

  async function commit(): Promise<void> {
    const commits = partitions.take(() =>
      encodeCommitMetadata({ v: 1, r: replica, b: options.load.busySeconds(), n: settledCount, f: inFlight }),
    );
    if (commits.length === 0) return;
    try {
      await consumer.commit(commits);
      instruments.committed('ok');
    } catch (error) {
      // Mostly a rebalance: the new owner starts at the last commit and finds the duplicates harmless.
      partitions.untake(commits);
      instruments.committed('failed');
      log.debug({ err: error }, 'commit failed');
    }
  }

  return {
    get inFlight() {
      return inFlight;
    },
    start: async () => {
      timer = setInterval(() => {
        committing = committing.then(commit);
      }, COMMIT_INTERVAL_MS);
      await consumer.start({
        onMessages,
        onAssigned: (assigned) => {
          if (assigned.length === 0) instruments.rebalanced();
          partitions.assign(assigned);
        },
      });
    },
    stop: async (deadlineMs) => {
      stopping = true;
      const until = performance.now() + deadlineMs;
      while (inFlight > 0 && performance.now() < until) await sleep(20);
      clearInterval(timer);
      await committing;
      await commit();
      await consumer.stop();
    },
    health: () => {
      const idleMs = Date.now() - consumer.lastActivityMs();
      return idleMs < 60_000 ? true : `no answer from Kafka for ${Math.round(idleMs / 1_000)} s`;
    },
  };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const describe = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

function toChange(stage: Stage, message: StageMessage, emit: Emit, traceparent: string): Change {
  const { event, data, attempt, delayMs, ambiguous } = emit;
  return { id: message.id, event, stage, attempt, data, traceparent, delayMs, ambiguous };
}

const terminal = new Set<string>(TERMINAL_STATES);

interface Instruments {
  settled(outcome: Settled, timestampMs: number): void;
  ended(id: string, event: string): void;
  applied(size: number, seconds: number): void;
  buried(cause: string): void;
  committed(outcome: 'ok' | 'failed'): void;
  rebalanced(): void;
}

function createInstruments(metrics: Metrics, stage: Stage): Instruments {
  const messages = metrics.counter('sluice.stage.messages');
  const age = metrics.histogram('sluice.stage.event.age');
  const batchSize = metrics.histogram('sluice.stage.batch.size');
  const applyDuration = metrics.histogram('sluice.stage.apply.duration');
  const commits = metrics.counter('sluice.stage.commits');
  const rebalances = metrics.counter('sluice.stage.rebalances');
  const deadLetters = metrics.counter('sluice.dead_letters');
  const duration = metrics.histogram('sluice.transaction.duration');
  return {
    settled: (outcome, timestampMs) => {
      messages.add(1, { stage, outcome });
      age.record(Math.max(0, Date.now() - timestampMs) / 1_000, { stage });
    },
    ended: (id, event) => {
      if (!terminal.has(event)) return;
      const state = event as (typeof TERMINAL_STATES)[number];
      duration.record(Math.max(0, Date.now() - madeAtMs(id)) / 1_000, { state });
    },
    applied: (size, seconds) => {
      batchSize.record(size, { stage });
      applyDuration.record(seconds, { stage });
    },
    buried: (cause) => deadLetters.add(1, { stage, cause }),
    committed: (outcome) => commits.add(1, { stage, outcome }),
    rebalanced: () => rebalances.add(1, { stage }),
  };
}

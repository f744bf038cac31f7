import type { Logger } from 'pino';
import type { Metrics } from '../../otel/metrics.ts';
import { aboutTransaction } from '../../otel/logger.ts';
import { startProcess } from '../../otel/tracing.ts';
import type { Consumer, ConsumerHandler, IncomingMessage, TopicPartition } from '../broker/port.ts';
import type { Stage } from '../domain/stages.ts';
import { concerns } from '../domain/stages.ts';
import type { StageStore } from '../store/port.ts';
import { encodeCommitMetadata } from './commit-metadata.ts';
import { Committer } from './committer.ts';
import type { LoadMeter } from './load-meter.ts';
import type { StageMessage } from './parse-message.ts';
import { parseMessage } from './parse-message.ts';
import { Partitions } from './partitions.ts';
import { Settler, describe } from './settler.ts';
import type { Settled, StageMetrics } from './stage-metrics.ts';
import { createStageMetrics } from './stage-metrics.ts';
import type { Step, StepResult } from './step.ts';

export interface StageRunnerOptions {
  readonly stage: Stage;
  readonly group: string;
  readonly consumer: Consumer;
  readonly store: Pick<StageStore, 'apply' | 'deadLetter'>;
  readonly step: Step;
  /** Messages taken over and not yet settled, at the most. */
  readonly window: number;
  readonly load: LoadMeter;
  /** Where statements are what limits the stage: counts them too. Else the step counts its own work. */
  readonly statements?: LoadMeter | undefined;
  /** Runs a statement again while the database is away. */
  readonly patience: <T>(work: () => Promise<T>) => Promise<T>;
  /** Whether an error is the database's or the deployment's, and not this message's. */
  readonly isInfrastructure: (error: unknown) => boolean;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Ends the process: what happened cannot be recovered from here. */
  readonly fatal: (error: unknown) => void;
}

export interface StageRunner {
  start(): Promise<void>;
  /** Finishes what has been taken over, commits, leaves the group. Bounded by `deadlineMs`. */
  stop(deadlineMs: number): Promise<void>;
  /** True, or why the stage gets no messages now. */
  ready(): true | string;
  /** True, or why the process had better be started anew. */
  live(): true | string;
  readonly inFlight: number;
}

const FULL_WAIT_MS = 5;
const STOPPING_WAIT_MS = 200;
const LOADED_FROM = 64;
const LOADED_WAIT_MS = 10;
/** Without an answer to a fetch or heartbeat for this long the stage gets no messages. */
const SILENT_MS = 60_000;
/**
 * Without even a failure for this long the consumer is dead, whatever it says. A broker that is away is no reason
 * to be started anew; longer than kafkajs tries to connect to an address that does not answer: thirteen times 8 s,
 * and the pauses between them.
 */
const DEAD_MS = 180_000;
/** Messages in a row that fail in a way nobody has foreseen: a broken deployment, not poison. */
const MAX_UNEXPECTED = 50;

/**
 * Runs one stage: takes messages over from Kafka up to a window, lets the step work on each, settles results
 * in batches, and commits what lies behind the oldest unsettled message. Fetching, working and settling
 * overlap; a slow message holds back only its partition's commit.
 */
export function createStageRunner(options: StageRunnerOptions): StageRunner {
  return new Runner(options);
}

class Runner implements StageRunner, ConsumerHandler {
  inFlight = 0;
  private readonly options: StageRunnerOptions;
  private readonly metrics: StageMetrics;
  private readonly partitions = new Partitions();
  private readonly settler: Settler;
  private readonly committer: Committer;
  private readonly replica = crypto.randomUUID().slice(0, 8);
  /** Events being worked on, so that one that is delivered again meanwhile is not worked on twice. */
  private readonly working = new Map<string, Promise<Settled>>();
  private settled = 0;
  private unexpected = 0;
  private joined = false;
  private stopping = false;

  constructor(options: StageRunnerOptions) {
    const { stage, consumer, log, load } = options;
    this.options = options;
    this.metrics = createStageMetrics(options.metrics, stage);
    this.settler = new Settler({ ...options, metrics: this.metrics });
    this.committer = new Committer({
      consumer,
      log,
      partitions: this.partitions,
      metrics: this.metrics,
      metadata: () =>
        encodeCommitMetadata({
          v: 1,
          r: this.replica,
          b: load.busySeconds(),
          n: this.settled,
          f: this.inFlight,
        }),
    });
    options.metrics.gauge('sluice.stage.in_flight', () => [{ value: this.inFlight, attributes: { stage } }]);
    options.metrics.observedCounter('sluice.stage.busy', () => [
      { value: load.busySeconds(), attributes: { stage } },
    ]);
  }

  async start(): Promise<void> {
    this.committer.start();
    await this.options.consumer.start(this);
  }

  async stop(deadlineMs: number): Promise<void> {
    this.stopping = true;
    const until = performance.now() + deadlineMs;
    while (this.inFlight > 0 && performance.now() < until) await sleep(20);
    await this.committer.stop();
    await this.options.consumer.stop();
  }

  ready(): true | string {
    if (!this.joined) return `not yet a member of ${this.options.group}`;
    const silentMs = Date.now() - this.options.consumer.lastActivityMs();
    return silentMs < SILENT_MS || `no answer from Kafka for ${Math.round(silentMs / 1_000)} s`;
  }

  live(): true | string {
    const silentMs = Date.now() - this.options.consumer.lastSignMs();
    return silentMs < DEAD_MS || `no sign of the consumer for ${Math.round(silentMs / 1_000)} s`;
  }

  onRevoked(): void {
    this.metrics.rebalanced();
    this.committer.beforeRejoin();
    this.partitions.revoke();
  }

  onAssigned(partitions: readonly TopicPartition[]): void {
    this.joined = true;
    this.partitions.assign(partitions);
  }

  async onMessages(messages: readonly IncomingMessage[], heartbeat: () => Promise<void>): Promise<void> {
    for (const message of messages) {
      // Once more after each wait: another partition may have taken the room.
      while (this.isFull()) await this.waitForRoom(heartbeat);
      if (this.stopping) return;
      const finish = this.partitions.add(message);
      if (finish) this.take(message, finish);
    }
    await heartbeat();
    // Under load the next fetch may gather a little: each costs the broker and this process the same.
    if (this.inFlight >= LOADED_FROM) await sleep(LOADED_WAIT_MS);
  }

  /** While stopping nothing more is taken over, but the group is kept until the last commit. */
  private async waitForRoom(heartbeat: () => Promise<void>): Promise<void> {
    await sleep(this.stopping ? STOPPING_WAIT_MS : FULL_WAIT_MS);
    await heartbeat();
  }

  private isFull(): boolean {
    return this.stopping ? this.inFlight > 0 : this.inFlight >= this.options.window;
  }

  private take(message: IncomingMessage, finish: () => void): void {
    this.inFlight++;
    this.handle(message).then(
      (outcome) => {
        this.inFlight--;
        finish();
        // Settled by whoever has its partition now.
        if (outcome === 'revoked') return;
        this.settled++;
        this.metrics.settled(outcome, message.timestampMs);
      },
      (error: unknown) => this.options.fatal(error),
    );
  }

  private async handle(origin: IncomingMessage): Promise<Settled> {
    const parsed = parseMessage(origin);
    if (parsed.kind === 'poison')
      return this.settler.bury(origin, { cause: parsed.cause, message: parsed.text });
    const { message } = parsed;
    if (!concerns(this.options.stage, message.data.order, message.event)) return 'skipped';
    const running = this.working.get(message.eventId);
    if (running) {
      const settled = await running;
      // Its partition went, and has come back with it.
      return settled === 'revoked' ? this.handle(origin) : settled;
    }
    const work = this.work(message);
    this.working.set(message.eventId, work);
    try {
      return await work;
    } finally {
      this.working.delete(message.eventId);
    }
  }

  private async work(message: StageMessage): Promise<Settled> {
    const { topic, partition, offset, timestampMs } = message.origin;
    const span = startProcess({
      stage: this.options.stage,
      group: this.options.group,
      topic,
      partition,
      offset,
      timestampMs,
      transactionId: message.id,
      traceparent: message.traceparent,
    });
    try {
      const result = await this.attempt({ ...message, traceparent: span.traceparent });
      const settled = await this.settler.settle(message, result, span.traceparent);
      span.end(settled);
      return settled;
    } catch (error) {
      span.end('failed', error);
      throw error;
    }
  }

  /** A failure that may pass is waited out; any other is this message's fault, up to a point. */
  private async attempt(message: StageMessage): Promise<StepResult> {
    const { patience, step, isInfrastructure, log } = this.options;
    try {
      const isOurs = () => this.partitions.isOurs(message.origin);
      const result = await patience(() => step(message, isOurs));
      this.unexpected = 0;
      return result;
    } catch (error) {
      if (isInfrastructure(error) || ++this.unexpected > MAX_UNEXPECTED) throw error;
      const about = aboutTransaction(message.id, message.traceparent);
      log.error({ err: error, event: message.event, ...about }, 'step failed');
      return { kind: 'dlq', cause: 'step-failed', message: describe(error) };
    }
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

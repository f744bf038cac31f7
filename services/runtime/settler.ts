import type { Logger } from 'pino';
import { aboutTransaction } from '../../otel/logger.ts';
import type { IncomingMessage } from '../broker/port.ts';
import type { Stage } from '../domain/stages.ts';
import type { Change, DeadLetter, StageStore, Unmoved } from '../store/port.ts';
import type { LoadMeter } from './load-meter.ts';
import { MicroBatcher } from './micro-batcher.ts';
import type { StageMessage } from './parse-message.ts';
import type { Settled, StageMetrics } from './stage-metrics.ts';
import type { Emit, StepResult } from './step.ts';
import { PACE_MS } from './step.ts';

export interface SettlerOptions {
  readonly stage: Stage;
  readonly store: Pick<StageStore, 'apply' | 'deadLetter'>;
  /** Runs a statement again while the database is away. */
  readonly patience: <T>(work: () => Promise<T>) => Promise<T>;
  /** Whether an error is the database's or the deployment's, and not this message's. */
  readonly isInfrastructure: (error: unknown) => boolean;
  readonly metrics: StageMetrics;
  readonly log: Logger;
  /** Told of each statement, where statements are what limits the stage. */
  readonly statements?: LoadMeter | undefined;
}

/** Why a message cannot be worked on. */
export interface Grave {
  readonly cause: string;
  readonly message: string;
  readonly transactionId?: string | undefined;
}

/** Statements of one stage under way at the same time, per business SQL. */
const FLUSHERS = 2;

/**
 * Carries out what steps have found, many results in one statement: events are applied, dead letters stored.
 * When a batch fails for a reason that will not pass, its rows are tried singly, so that one bad row fails
 * alone and ends as a dead letter.
 */
export class Settler {
  private readonly options: SettlerOptions;
  private readonly changes = new Map<string | undefined, MicroBatcher<Change, Unmoved | undefined>>();
  private readonly letters: MicroBatcher<DeadLetter, undefined>;

  constructor(options: SettlerOptions) {
    this.options = options;
    this.letters = new MicroBatcher({
      name: 'dead letters',
      splitOn: (error) => !options.isInfrastructure(error),
      flush: async (batch) => {
        await options.patience(() => options.store.deadLetter(batch));
        return batch.map(() => undefined);
      },
    });
  }

  /** Rejects only with an infrastructure error that has outlasted all patience. */
  async settle(message: StageMessage, result: StepResult, traceparent: string): Promise<Settled> {
    switch (result.kind) {
      case 'drop':
        return result.reason;
      case 'dlq':
        return this.bury(message.origin, { ...result, transactionId: message.id });
      case 'ok':
        return this.emit(message, result.emit, traceparent);
    }
  }

  /** Stores a dead letter, once for each record. */
  async bury(origin: IncomingMessage, { cause, message, transactionId }: Grave): Promise<Settled> {
    const { topic, partition, offset, key, value, headers } = origin;
    const { stage, metrics, log } = this.options;
    const record = { topic, partition, offset, key, value, headers };
    await this.letters.add(
      { ...record, stage, cause, message, attempts: 1, transactionId },
      headers.traceparent,
    );
    metrics.buried(cause);
    const about = aboutTransaction(transactionId, headers.traceparent);
    log.warn({ topic, partition, offset, cause, ...about }, 'dead letter');
    return 'dead-letter';
  }

  private async emit(message: StageMessage, emit: Emit, traceparent: string): Promise<Settled> {
    const { stage, isInfrastructure, log, metrics } = this.options;
    const { event, data, attempt, delayMs, ambiguous, from } = emit;
    const transactionId = message.id;
    let unmoved: Unmoved | undefined;
    try {
      const change = {
        id: transactionId,
        event,
        stage,
        attempt,
        data,
        traceparent,
        delayMs,
        ambiguous,
        from,
      };
      unmoved = await this.batcherFor(emit.settleSql).add(change, traceparent);
    } catch (error) {
      if (isInfrastructure(error)) throw error;
      log.error({ err: error, event, ...aboutTransaction(transactionId, traceparent) }, 'statement failed');
      return this.bury(message.origin, {
        cause: 'statement-failed',
        message: describe(error),
        transactionId,
      });
    }
    if (unmoved?.reason === 'stale') return 'stale';
    if (unmoved) {
      const grave = {
        cause: 'unknown-id',
        message: `There is no transaction ${transactionId}.`,
        transactionId,
      };
      return this.bury(message.origin, grave);
    }
    metrics.moved(transactionId, event);
    return event === 'retry-scheduled' ? 'retry' : 'moved';
  }

  private batcherFor(settleSql: string | undefined): MicroBatcher<Change, Unmoved | undefined> {
    const known = this.changes.get(settleSql);
    if (known) return known;
    const { isInfrastructure } = this.options;
    const batcher = new MicroBatcher<Change, Unmoved | undefined>({
      name: `apply ${this.options.stage}`,
      flushers: FLUSHERS,
      paceMs: PACE_MS,
      conflictKey: (change) => change.id,
      splitOn: (error) => !isInfrastructure(error),
      flush: (changes) => this.apply(changes, settleSql),
    });
    this.changes.set(settleSql, batcher);
    return batcher;
  }

  private async apply(changes: Change[], settleSql: string | undefined): Promise<(Unmoved | undefined)[]> {
    const { patience, store, metrics } = this.options;
    const startMs = performance.now();
    const end = this.options.statements?.begin();
    const unmoved = await patience(() => store.apply(changes, { settleSql })).finally(() => end?.());
    metrics.applied(changes.length, (performance.now() - startMs) / 1_000);
    const byId = new Map(unmoved.map((u) => [u.id, u]));
    return changes.map((change) => byId.get(change.id));
  }
}

/** An error in one line. */
export function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

import type { Metrics } from '../../otel/metrics.ts';
import { madeAtMs } from '../domain/ids.ts';
import type { Stage } from '../domain/stages.ts';
import { TERMINAL_STATES } from '../domain/state-machine.ts';
import type { DropReason } from './step.ts';

/** What became of a message. */
export type Settled = 'moved' | 'dead-letter' | 'retry' | DropReason;

export interface StageMetrics {
  settled(outcome: Exclude<Settled, 'revoked'>, timestampMs: number): void;
  /** An event has moved its transaction; counts its duration when it was the last one. */
  moved(id: string, event: string): void;
  applied(size: number, seconds: number): void;
  buried(cause: string): void;
  committed(outcome: 'ok' | 'failed'): void;
  rebalanced(): void;
}

const terminal = new Set<string>(TERMINAL_STATES);

export function createStageMetrics(metrics: Metrics, stage: Stage): StageMetrics {
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
    moved: (id, event) => {
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

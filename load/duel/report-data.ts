import type { Machine } from '../lib/machine.ts';
import type { Measurement } from '../lib/measure.ts';
import type { Resources } from '../lib/sampler.ts';

/** Both modes under the same load. */
export interface Pair {
  readonly async: Measurement;
  readonly sync: Measurement;
}

/** Everything that a duel has measured; the report and its pictures are drawn from this and nothing else. */
export interface DuelReport {
  readonly format: 1;
  readonly startedAt: string;
  readonly tookSeconds: number;
  readonly machine: Machine;
  /** As the database server reports them. */
  readonly database: Readonly<Record<string, string>>;
  /** As the remote simulator reports them. */
  readonly remote: Readonly<Record<string, unknown>>;
  readonly generator: { readonly name: string; readonly version: string };
  /** `started` by the duel itself, or the URL of a running system. */
  readonly target: string;
  /** Settings of the services that differ from their defaults. */
  readonly tuning: Readonly<Record<string, string>>;
  readonly users: number;
  readonly remoteLatencyMs: number;
  /** What everything uses while nothing is asked of it. */
  readonly idle: Resources;
  /** The article's experiment: all users, ramped up. */
  readonly main: Pair;
  readonly sweep: readonly Pair[];
  /** Many more users than the article had. */
  readonly curve: readonly Pair[];
  readonly pipelined: Pair | undefined;
  readonly open: readonly Pair[];
}

/** Users of a closed run, 1 for a single connection. */
export function usersOf({ model }: Measurement): number {
  return model.kind === 'closed' ? model.users : 1;
}

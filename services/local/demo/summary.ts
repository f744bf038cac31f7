import { arch, cpus, platform, totalmem } from 'node:os';
import type { VerifyReport } from '../../cli/verify/report.ts';
import type { Scaling } from '../operator/scalings.ts';
import type { LocalOptions } from '../options.ts';
import type { Followed } from './follow-one.ts';
import type { LoadOutcome } from './load-step.ts';
import type { SyncOutcome } from './sync-step.ts';

export interface Settlement {
  /** Transactions of the whole database that have not ended. */
  readonly open: number;
  readonly ok: boolean;
  readonly violations: number;
  readonly counts: VerifyReport['counts'];
}

/** What a demonstration found: the content of `--json`. */
export interface Summary {
  readonly at: string;
  readonly machine: {
    readonly platform: string;
    readonly cpus: number;
    readonly memoryGiB: number;
    readonly node: string;
  };
  readonly options: Pick<LocalOptions, 'seconds' | 'rate' | 'users' | 'replicas' | 'remoteLatencyMs'> & {
    readonly types: readonly string[];
  };
  /** Seconds since the command was started. */
  readonly startup: { readonly readySeconds: number; readonly firstDoneSeconds: number };
  readonly one: Followed;
  readonly load: LoadOutcome;
  readonly sync: SyncOutcome;
  /** Completed per second, event-driven over synchronous. */
  readonly ratio: number | null;
  /** What the operator has changed meanwhile. */
  readonly scalings: readonly Scaling[];
  /** Only with --once. */
  readonly settlement?: Settlement;
}

export function machine(): Summary['machine'] {
  return {
    platform: `${platform()}-${arch()}`,
    cpus: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
  };
}

/** Paths of figures that are missing: null, undefined, NaN or infinite. */
export function missingFigures(value: unknown, path = 'summary'): string[] {
  if (value === null || value === undefined) return [path];
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [path];
  if (typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, inner]) => missingFigures(inner, `${path}.${name}`));
}

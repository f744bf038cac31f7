import { setTimeout as sleep } from 'node:timers/promises';
import { firstIdAt } from '../../domain/ids.ts';
import { STAGES } from '../../domain/stages.ts';
import type { State } from '../../domain/state-machine.ts';
import type { Query } from '../../store/port.ts';
import type { LoadPlan, LoadReport } from '../load-driver/protocol.ts';
import type { ScalerState } from '../operator/operator-client.ts';
import { readScalers } from '../operator/operator-client.ts';
import type { StageView, Supervisor } from '../supervisor/supervisor.ts';
import { driveLoad } from './drive-load.ts';
import type { EndToEnd, Figures } from './figures.ts';
import { countByState, endToEnd } from './figures.ts';
import type { LagOptions, StageLag } from './stage-lag.ts';
import { readLag } from './stage-lag.ts';

export interface LoadStepOptions {
  readonly plan: LoadPlan;
  readonly query: Query;
  readonly lag: LagOptions;
  readonly supervisor: Pick<Supervisor, 'list'>;
  /** Undefined: there is no operator. */
  readonly operatorUrl: string | undefined;
  readonly signal: AbortSignal;
  /** Called every two seconds, and when the load has ended. */
  readonly onMoment: (moment: Moment) => void;
}

/** How things stand while the load runs. Undefined: not known yet. */
export interface Moment {
  readonly elapsedSeconds: number;
  readonly report: LoadReport | undefined;
  readonly acceptedPerSecond: number | undefined;
  readonly completedPerSecond: number | undefined;
  readonly endToEnd: EndToEnd;
  readonly figures: Figures;
  readonly lag: StageLag;
  readonly stages: readonly StageView[];
  /** As the operator sees them; empty without one, or while it does not answer. */
  readonly scalers: readonly ScalerState[];
}

export interface LoadOutcome {
  readonly seconds: number;
  readonly accepted: number;
  readonly acceptedPerSecond: number;
  readonly refused: number;
  readonly failed: number;
  readonly accept: { readonly p50Ms: number | null; readonly p99Ms: number | null };
  /** While the load ran. */
  readonly completed: number;
  readonly completedPerSecond: number;
  /** Of all that were accepted under this load and are done: the backlog's wait included. */
  readonly endToEnd: EndToEnd;
  /** Not at their end when the load stopped, and how long they took to get there. */
  readonly backlog: number;
  readonly drainSeconds: number | null;
  readonly byState: Readonly<Partial<Record<State, number>>>;
  readonly peakLag: StageLag;
}

const LOOK_MS = 2_000;
const WINDOW_SECONDS = 5;
const DRAIN_TIMEOUT_MS = 120_000;

/** Offers the load, looks at everything meanwhile, and waits for what was accepted to end. */
export async function runLoadStep(options: LoadStepOptions): Promise<LoadOutcome> {
  const { plan, query, signal } = options;
  // The API's clock and ours are the same; a second back, since ids only count milliseconds.
  const firstId = firstIdAt(Date.now());
  const watch = new Watch(options, firstId);
  const driving = driveLoad(plan, { signal, onReport: (report) => watch.note(report) });
  const end = await driving.finally(() => watch.end());
  const seconds = end.elapsedSeconds;
  const atEnd = await countByState(query, firstId);
  await watch.lastLook();
  const drainSeconds = await drain(query, firstId, signal);
  const settled = await countByState(query, firstId);
  const latency = await endToEnd(query, firstId, seconds + DRAIN_TIMEOUT_MS / 1_000);
  return {
    seconds,
    accepted: settled.accepted,
    acceptedPerSecond: end.total.succeeded / seconds,
    refused: end.total.refused,
    failed: end.total.failed + end.total.rejected,
    accept: end.total.latency,
    completed: atEnd.completed,
    completedPerSecond: atEnd.completed / seconds,
    endToEnd: latency,
    backlog: atEnd.open,
    drainSeconds,
    byState: settled.byState,
    peakLag: watch.peakLag,
  };
}

/** Looks at the system every two seconds from the first report on, and keeps what the rates are made from. */
class Watch {
  peakLag: StageLag = Object.fromEntries(STAGES.map((stage) => [stage, undefined])) as StageLag;
  private readonly options: LoadStepOptions;
  private readonly firstId: string;
  private readonly stopping = new AbortController();
  private looking: Promise<void> | undefined;
  private startedMs = 0;
  private report: LoadReport | undefined;
  private previous = { atMs: 0, accepted: 0, completed: 0 };

  constructor(options: LoadStepOptions, firstId: string) {
    this.options = options;
    this.firstId = firstId;
  }

  note(report: LoadReport): void {
    this.report = report;
    if (this.looking) return;
    this.startedMs = performance.now();
    this.looking = this.lookUntil(this.stopping.signal);
  }

  end(): void {
    this.stopping.abort();
  }

  /** At the end of the load, however short it was. */
  async lastLook(): Promise<void> {
    await this.looking;
    await this.look().catch(() => {});
  }

  private async lookUntil(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await sleep(LOOK_MS, undefined, { signal: stop }).catch(() => {});
      // A look that fails (a process is being restarted) is left out: the next one is near.
      if (!stop.aborted) await this.look().catch(() => {});
    }
  }

  private async look(): Promise<void> {
    const { query, lag: lagOptions, supervisor, operatorUrl, onMoment } = this.options;
    const [figures, latency, lag, stages, scalers] = await Promise.all([
      countByState(query, this.firstId),
      endToEnd(query, this.firstId, WINDOW_SECONDS),
      readLag(lagOptions),
      supervisor.list(),
      operatorUrl === undefined ? [] : readScalers(operatorUrl).catch(() => []),
    ]);
    this.peakLag = higher(this.peakLag, lag);
    const atMs = performance.now() - this.startedMs;
    const perSecond = (now: number, before: number) => ((now - before) * 1_000) / (atMs - this.previous.atMs);
    const moment: Moment = {
      elapsedSeconds: atMs / 1_000,
      report: this.report,
      acceptedPerSecond: perSecond(figures.accepted, this.previous.accepted),
      completedPerSecond: perSecond(figures.completed, this.previous.completed),
      endToEnd: latency,
      figures,
      lag,
      stages,
      scalers,
    };
    this.previous = { atMs, accepted: figures.accepted, completed: figures.completed };
    onMoment(moment);
  }
}

function higher(before: StageLag, now: StageLag): StageLag {
  const entries = STAGES.map((stage) => {
    const known = [before[stage], now[stage]].filter((lag) => lag !== undefined);
    return [stage, known.length === 0 ? undefined : Math.max(...known)];
  });
  return Object.fromEntries(entries) as StageLag;
}

/** Seconds until nothing of the run is open; null when that takes too long. */
async function drain(query: Query, firstId: string, signal: AbortSignal): Promise<number | null> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < DRAIN_TIMEOUT_MS) {
    signal.throwIfAborted();
    const { open } = await countByState(query, firstId);
    if (open === 0) return (performance.now() - startedMs) / 1_000;
    await sleep(100, undefined, { signal });
  }
  return null;
}

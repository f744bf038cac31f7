import { setTimeout as sleep } from 'node:timers/promises';
import type { Generator, LoadModel, LoadResult } from './generator.ts';
import type { Database, RunFacts, TimelinePoint } from './run-facts.ts';
import type { Resources } from './sampler.ts';
import { startSampler } from './sampler.ts';
import type { Target } from './target.ts';

export const MODES = ['async', 'sync'] as const;
/** async: the event-driven pipeline. sync: the same use case within one request. */
export type Mode = (typeof MODES)[number];

const PATHS: Record<Mode, string> = { async: '/v1/transactions', sync: '/v1/sync/transactions' };

export interface Offer {
  readonly mode: Mode;
  readonly model: LoadModel;
  /** The ramp included. */
  readonly seconds: number;
  readonly seed: number;
  readonly idempotent?: boolean;
  /** Seconds from the start that do not count for the rates, on top of the ramp. Default 1.5. */
  readonly settleSeconds?: number;
}

/** A run of load against one mode, with everything that it led to. */
export interface Measurement {
  readonly mode: Mode;
  readonly model: LoadModel;
  readonly seconds: number;
  /** What the client saw. */
  readonly load: LoadResult;
  /** What the database says, over everything this run submitted. */
  readonly accepted: number;
  readonly ended: RunFacts['ended'];
  readonly wholeMs: RunFacts['wholeMs'];
  readonly timeline: readonly (TimelinePoint & { readonly backlog: number })[];
  /** Rates per second while all users were there: ramp, settling and drain are left out. */
  readonly acceptedPerSecond: number;
  readonly completedPerSecond: number;
  /** Accepted and not ended when the load stopped. */
  readonly backlogAtEnd: number;
  /** From the end of the load to the last terminal state; undefined when it did not come in time. */
  readonly drainSeconds: number | undefined;
  readonly notEnded: number;
  readonly resources: Resources;
}

export interface MeasureDeps {
  readonly target: Target;
  readonly database: Database;
  readonly generator: Generator;
  /** How long a backlog may take to drain before it is called stuck. Default 120,000. */
  readonly drainTimeoutMs?: number;
  readonly onProgress?: (text: string) => void;
}

const DRAIN_TIMEOUT_MS = 120_000;
const DRAIN_POLL_MS = 100;
/** Between runs, so that the ids of one can be told from those of the next. */
const GAP_MS = 300;

/** Offers the load, waits until everything it led to has ended, and puts the facts together. */
export async function measure(deps: MeasureDeps, offer: Offer): Promise<Measurement> {
  const { target, database, generator } = deps;
  await sleep(GAP_MS);
  const sampler = await startSampler(target, database);
  const fromMs = Date.now();
  const { mode, model, seconds, seed, idempotent = false } = offer;
  const url = target.apiUrl + PATHS[mode];
  const load = await generator.run({ url, model, seconds, seed, idempotent, accounts: target.accounts });
  sampler.endOfLoad();
  const stopMs = Date.now();
  const notEnded = await drain(deps, fromMs);
  const resources = await sampler.stop();
  const range = { fromMs, toMs: Date.now() };
  const facts = await database.runFacts(range);
  return { ...(await rates(deps, offer, { facts, range, stopMs })), load, resources, notEnded };
}

/** Waits until nothing is open; returns how many still were when it gave up. */
async function drain(
  { database, drainTimeoutMs = DRAIN_TIMEOUT_MS }: MeasureDeps,
  fromMs: number,
): Promise<number> {
  const end = performance.now() + drainTimeoutMs;
  for (;;) {
    const open = await database.open(fromMs);
    if (open === 0 || performance.now() > end) return open;
    await sleep(DRAIN_POLL_MS);
  }
}

interface Found {
  readonly facts: RunFacts;
  readonly range: { readonly fromMs: number; readonly toMs: number };
  /** Unix ms when the generator had ended. */
  readonly stopMs: number;
}

/**
 * The generator takes a moment to start and to end, so the load itself is dated by what it left in the
 * database: it begins with the first acceptance and lasts `seconds`.
 */
async function rates({ database }: MeasureDeps, offer: Offer, { facts, range, stopMs }: Found) {
  const { mode, model, seconds, settleSeconds = 1.5 } = offer;
  const startMs = facts.firstAcceptedMs ?? range.fromMs;
  const endMs = Math.min(stopMs, startMs + seconds * 1_000);
  const rampMs = model.kind === 'closed' ? model.rampSeconds * 1_000 : 0;
  const window = { fromMs: startMs + rampMs + settleSeconds * 1_000, toMs: endMs };
  const within = await database.within(range, window);
  const untilEnd = await database.within(range, { fromMs: range.fromMs, toMs: endMs });
  const windowSeconds = (window.toMs - window.fromMs) / 1_000;
  const backlogAtEnd = untilEnd.accepted - untilEnd.completed;
  const { accepted, ended, wholeMs, lastEndedMs } = facts;
  return {
    mode,
    model,
    seconds,
    accepted,
    ended,
    wholeMs,
    timeline: withBacklog(facts.timeline),
    acceptedPerSecond: within.accepted / windowSeconds,
    completedPerSecond: within.completed / windowSeconds,
    backlogAtEnd,
    drainSeconds: lastEndedMs === undefined ? undefined : Math.max(0, (lastEndedMs - endMs) / 1_000),
  };
}

/** Every second from 0 on, with what was open at its end. */
export function withBacklog(
  timeline: readonly TimelinePoint[],
): (TimelinePoint & { readonly backlog: number })[] {
  const bySecond = new Map(timeline.map((point) => [point.second, point]));
  const last = timeline.at(-1)?.second ?? -1;
  let backlog = 0;
  return Array.from({ length: last + 1 }, (_, second) => {
    const { accepted = 0, completed = 0 } = bySecond.get(second) ?? {};
    backlog += accepted - completed;
    return { second, accepted, completed, backlog };
  });
}

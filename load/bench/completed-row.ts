import { rate } from '../lib/format.ts';
import type { Measurement } from '../lib/measure.ts';
import { setRemote } from '../lib/target.ts';
import type { Flatness } from './flatness.ts';
import { judgeFlatness } from './flatness.ts';
import { loadNote, step } from './load-rows.ts';
import type { BenchContext, Outcome } from './row.ts';
import { REMOTE_LATENCY_MS } from './row.ts';

interface Tried {
  readonly ratePerSecond: number;
  readonly run: Measurement;
  readonly flatness: Flatness;
}

const FIRST_RATE = 1_000;
const MAX_IN_FLIGHT = 4_000;
/** The search ends when the highest flat rate is known to one part in so many. */
const PRECISION = 12;
const LONG_RUNS_MAX = 4;
const STEP_DOWN = 0.9;

/** The highest rate that the pipeline keeps up with: searched for with short runs, proved by a long one. */
export async function completedRow(context: BenchContext): Promise<Outcome> {
  await setRemote(context.deps.target.remoteUrl, { meanMs: REMOTE_LATENCY_MS });
  const probes: Tried[] = [];
  const probe = async (ratePerSecond: number): Promise<boolean> => {
    const tried = await offer(context, ratePerSecond, context.quick ? 8 : 20);
    probes.push(tried);
    return tried.flatness.flat;
  };
  let candidate = await findHighest(FIRST_RATE, probe);
  const held: Tried[] = [];
  for (;;) {
    const tried = await offer(context, candidate, context.holdSeconds);
    held.push(tried);
    if (tried.flatness.flat || held.length === LONG_RUNS_MAX) break;
    candidate = Math.floor((candidate * STEP_DOWN) / 10) * 10;
  }
  return judge(probes, held, context);
}

/** Doubles or halves until a flat and a growing rate are known, then closes in. Rates are multiples of 10. */
export async function findHighest(first: number, probe: (rate: number) => Promise<boolean>): Promise<number> {
  let flat = 0;
  let growing = Infinity;
  let next = first;
  while (growing - flat > Math.max(20, flat / PRECISION) || flat === 0) {
    if (await probe(next)) flat = next;
    else growing = next;
    if (growing <= 20) return growing;
    const middle = growing === Infinity ? flat * 1.4 : flat === 0 ? growing / 2 : (flat + growing) / 2;
    next = Math.round(middle / 10) * 10;
    if (next <= flat || next >= growing) break;
  }
  return flat;
}

async function offer(context: BenchContext, ratePerSecond: number, seconds: number): Promise<Tried> {
  context.say(`  offering ${ratePerSecond}/s for ${seconds} s`);
  const model = { kind: 'open', ratePerSecond, maxInFlight: MAX_IN_FLIGHT } as const;
  const run = await step(context, { model, seconds, seed: ratePerSecond });
  const flatness = judgeFlatness(run, ratePerSecond, REMOTE_LATENCY_MS);
  context.say(`    ${flatness.flat ? 'flat' : `not flat: ${flatness.reasons.join(', ')}`}`);
  return { ratePerSecond, run, flatness };
}

function judge(probes: readonly Tried[], held: readonly Tried[], { holdSeconds }: BenchContext): Outcome {
  const { ratePerSecond, run, flatness } = held.at(-1)!;
  const longEnough = holdSeconds >= 300;
  const describe = (tried: Tried) =>
    `${tried.ratePerSecond}/s ${tried.flatness.flat ? 'flat' : `not flat (${tried.flatness.reasons.join(', ')})`}`;
  const measured = flatness.flat
    ? `${rate(run.completedPerSecond)}/s for ${holdSeconds} s, ${rate(flatness.meanBacklog)} open on average`
    : `no flat rate held for ${holdSeconds} s (last tried: ${ratePerSecond}/s)`;
  return {
    measured,
    must: flatness.flat && longEnough && run.completedPerSecond >= 990,
    aim: flatness.flat && longEnough && run.completedPerSecond >= 1_980,
    notes: [
      'Open model: the rate is offered whatever happens. Flat: all accepted, no errors, the backlog of the second half grows by less than 1 % of the rate, and is gone within the latency of the remote and 2 s.',
      `Searched with short runs: ${probes.map(describe).join('; ')}. Held: ${held.map(describe).join('; ')}.`,
      `At a remote latency of ${REMOTE_LATENCY_MS} ms, ${rate((ratePerSecond * REMOTE_LATENCY_MS) / 1_000)} transactions are always in their remote call.`,
      loadNote('long run', run),
      ...(longEnough ? [] : [`The must is for 300 s; this run held for ${holdSeconds} s.`]),
    ],
    data: { probes: probes.map(withoutTimeline), held: held.map(withoutTimeline) },
  };
}

function withoutTimeline({ ratePerSecond, run, flatness }: Tried): unknown {
  const { timeline: _, ...rest } = run;
  return { ratePerSecond, flatness, run: rest };
}

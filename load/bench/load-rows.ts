import { cpuPerTransaction, foreignCores } from '../lib/cpu.ts';
import { ms, rate, seconds } from '../lib/format.ts';
import type { LoadModel } from '../lib/generator.ts';
import type { Measurement, Mode } from '../lib/measure.ts';
import { measure } from '../lib/measure.ts';
import { setRemote } from '../lib/target.ts';
import type { BenchContext, Outcome } from './row.ts';
import { REMOTE_LATENCY_MS } from './row.ts';

const closed = (users: number): LoadModel => ({ kind: 'closed', users, rampSeconds: 0 });

export interface Step {
  readonly mode?: Mode;
  readonly model: LoadModel;
  readonly seconds: number;
  readonly seed: number;
  readonly idempotent?: boolean;
}

/** One measurement, told to the user. */
export async function step(
  { deps, say }: BenchContext,
  { mode = 'async', ...offer }: Step,
): Promise<Measurement> {
  const run = await measure(deps, { mode, ...offer });
  say(
    `    ${mode}: accepted ${rate(run.acceptedPerSecond)}/s, completed ${rate(run.completedPerSecond)}/s, ` +
      `reply p99 ${ms(run.load.reply.p99)}, whole p99 ${ms(run.wholeMs.p99)}, drained in ${seconds(run.drainSeconds)}`,
  );
  return run;
}

/** What every row of load says about how it was measured. */
export function loadNote(name: string, run: Measurement): string {
  const { load, resources } = run;
  const errors = Object.entries(load.errors).map(([kind, count]) => `${count} x ${kind}`);
  const foreign = foreignCores(run);
  const cpu = cpuPerTransaction(run);
  return [
    `${name}: ${run.seconds} s, accepted ${rate(run.acceptedPerSecond)}/s, completed ${rate(run.completedPerSecond)}/s`,
    `reply p50 ${ms(load.reply.p50)}, p99 ${ms(load.reply.p99)}, whole transaction p50 ${ms(run.wholeMs.p50)}, p99 ${ms(run.wholeMs.p99)}`,
    `errors ${errors.join(', ') || 'none'}, backlog at the end ${run.backlogAtEnd}, drained in ${seconds(run.drainSeconds)}, never ended ${run.notEnded}`,
    `generator ${load.generator}: ${load.cpuSeconds === undefined ? 'CPU n/a' : `${(load.cpuSeconds / resources.seconds).toFixed(2)} cores`}`,
    ...(cpu ? [`system: ${rate(cpu.system)} us of CPU per transaction`] : []),
    ...(foreign === undefined ? [] : [`other work on the machine: ${foreign.toFixed(2)} cores`]),
  ].join('; ');
}

export async function acceptRow(context: BenchContext): Promise<Outcome> {
  await setRemote(context.deps.target.remoteUrl, { meanMs: REMOTE_LATENCY_MS });
  const length = context.quick ? 6 : 20;
  const plain = await step(context, { model: closed(40), seconds: length, seed: 11 });
  const keyed = await step(context, { model: closed(40), seconds: length, seed: 12, idempotent: true });
  const p99 = plain.load.reply.p99 ?? Infinity;
  const perSecond = plain.acceptedPerSecond;
  return {
    measured: `${rate(perSecond)}/s, p99 ${ms(plain.load.reply.p99)}`,
    must: perSecond >= 1_800 && p99 < 100,
    aim: perSecond >= 4_000 && p99 < 50,
    notes: [
      'Closed model; the stages work on what is accepted at the same time, against a remote of 450 ms.',
      loadNote('without Idempotency-Key', plain),
      loadNote('with a fresh Idempotency-Key on every request', keyed),
    ],
    data: { plain, keyed },
  };
}

export async function ratioRow(context: BenchContext): Promise<Outcome> {
  await setRemote(context.deps.target.remoteUrl, { meanMs: REMOTE_LATENCY_MS });
  const length = context.quick ? 6 : 30;
  const eventDriven = await step(context, { model: closed(40), seconds: length, seed: 21 });
  const sync = await step(context, { mode: 'sync', model: closed(40), seconds: length, seed: 22 });
  const ratio = eventDriven.completedPerSecond / sync.completedPerSecond;
  return {
    measured: `${rate(ratio)}x (${rate(eventDriven.completedPerSecond)}/s over ${rate(sync.completedPerSecond)}/s)`,
    must: ratio >= 18,
    aim: ratio >= 28,
    notes: [
      `40 users with a remote of ${REMOTE_LATENCY_MS} ms cannot complete more than ${rate(40_000 / REMOTE_LATENCY_MS)}/s synchronously.`,
      loadNote('event-driven', eventDriven),
      loadNote('synchronous', sync),
    ],
    data: { eventDriven, sync },
  };
}

export async function endToEndRow(context: BenchContext): Promise<Outcome> {
  await setRemote(context.deps.target.remoteUrl, { meanMs: 0 });
  const model: LoadModel = { kind: 'open', ratePerSecond: 200, maxInFlight: 1_000 };
  const run = await step(context, { model, seconds: context.quick ? 6 : 30, seed: 31 });
  const p99 = run.wholeMs.p99 ?? Infinity;
  return {
    measured: `p99 ${ms(run.wholeMs.p99)} (p50 ${ms(run.wholeMs.p50)})`,
    must: p99 < 300,
    aim: p99 < 100,
    notes: [
      'Open model, 200/s; from acceptance to the terminal event, as the database has them.',
      loadNote('run', run),
    ],
    data: run,
  };
}

export async function oneUserRow(context: BenchContext): Promise<Outcome> {
  await setRemote(context.deps.target.remoteUrl, { meanMs: REMOTE_LATENCY_MS });
  const run = await step(context, { model: closed(1), seconds: context.quick ? 5 : 15, seed: 41 });
  const p50 = run.load.reply.p50 ?? Infinity;
  return {
    measured: `p50 ${ms(run.load.reply.p50)} (p99 ${ms(run.load.reply.p99)})`,
    must: p50 < 10,
    aim: p50 < 3,
    notes: ['One user who sends again at once; the stages work at the same time.', loadNote('run', run)],
    data: run,
  };
}

import { group, mebibytes, micros, ms, rate, table } from '../lib/format.ts';
import type { Measurement } from '../lib/measure.ts';
import type { Level } from '../lib/sampler.ts';
import { COMPONENTS, cpuPerTransaction, idleCores, isNeeded } from '../lib/cpu.ts';
import { describeModel } from './plan.ts';
import type { DuelReport, Pair } from './report-data.ts';

/** The many users of the curve keep the synchronous mode busy enough for its fixed costs not to show. */
function busiest({ curve, main }: DuelReport): Pair {
  return curve[0] ?? main;
}

/** CPU and memory per transaction. */
export function costPart(report: DuelReport): string {
  const { idle } = report;
  const columns = [
    ...columnsOf(report, `${report.users} users`, report.main),
    ...(report.curve[0]
      ? columnsOf(report, describeModel(report.curve[0].async.model), report.curve[0])
      : []),
  ];
  const title = '## What it costs: CPU time per completed transaction';
  if (columns.some(({ cpu }) => cpu === undefined)) return `${title}\n\nn/a on this system.`;
  const cores = (value: number) => value.toFixed(3);
  const rows = COMPONENTS.map((component) => [
    component,
    ...columns.map(({ run, cpu }) =>
      isNeeded(run.mode, component) ? micros(cpu!.byComponent[component]) : 'not needed',
    ),
    cores(idleCores(idle, component)),
  ]);
  const idleTotal = COMPONENTS.reduce((sum, component) => sum + idleCores(idle, component), 0);
  const total = [
    '**system**',
    ...columns.map(({ cpu }) => `**${micros(cpu!.system)}**`),
    `**${cores(idleTotal)}**`,
  ];
  const generator = ['load generator', ...columns.map(({ cpu }) => micros(cpu!.generator)), ''];
  const memory = ['memory at the end', ...columns.map(({ run }) => mebibytes(memoryOf(run))), ''];
  const head = ['', ...columns.map(({ name }) => name), 'cores busy when idle'];
  return `${title}

${table(head, [...rows, total, generator, memory])}

${costSentence(report)}

What the components use when idle is subtracted, and shown in the last column. Memory counts what each mode needs,
shared pages once.`;
}

/** What the figures say, whichever way they turn out. */
function costSentence(report: DuelReport): string {
  const pair = busiest(report);
  const [eventDriven, sync] = [
    cpuPerTransaction(pair.async, report.idle)!,
    cpuPerTransaction(pair.sync, report.idle)!,
  ];
  const load = describeModel(pair.async.model);
  if (eventDriven.system >= sync.system)
    return `With ${load} an event-driven transaction costs **${rate(eventDriven.system / sync.system)} times** the CPU of a synchronous one: it is written to
Kafka and read from it three times, and its state is saved at every step. It wins by concurrency, not by thrift: nobody
waits for the remote system with a request open.`;
  return `Per transaction the event-driven mode does more: it writes to Kafka and reads from it three times, and saves the state
at every step. With ${load} it still costs only **${(eventDriven.system / sync.system).toFixed(2)} times** the CPU of a synchronous one, because under load it does
everything in batches of up to 500, where a request of the synchronous mode has its statements and its commits for
itself. The gain in throughput comes from neither, but from concurrency: nobody waits for the remote system with a
request open.`;
}

interface Column {
  readonly name: string;
  readonly run: Measurement;
  readonly cpu: ReturnType<typeof cpuPerTransaction>;
}

function columnsOf({ idle }: DuelReport, load: string, pair: Pair): Column[] {
  return [
    { name: `event-driven, ${load}`, run: pair.async, cpu: cpuPerTransaction(pair.async, idle) },
    { name: `synchronous, ${load}`, run: pair.sync, cpu: cpuPerTransaction(pair.sync, idle) },
  ];
}

function memoryOf({ mode, resources }: Measurement): number | undefined {
  const needed = resources.components.filter(({ name }) => isNeeded(mode, name));
  if (needed.some(({ pssEndBytes }) => pssEndBytes === undefined)) return undefined;
  return needed.reduce((sum, { pssEndBytes }) => sum + pssEndBytes!, 0);
}

/** Connections and sessions, while the load lasted. */
export function heldPart({ main }: DuelReport): string {
  const level = (value: Level | undefined) =>
    value === undefined ? 'n/a' : `${value.mean.toFixed(1)} / ${group(value.max)}`;
  const slots = (run: Measurement) => {
    const api = run.resources.poolSlots['sluice-api'];
    const others = Object.entries(run.resources.poolSlots).filter(([name]) => name !== 'sluice-api');
    return { api, others };
  };
  const stages = ({ others }: ReturnType<typeof slots>) =>
    others.reduce((sum, [, value]) => sum + value.mean, 0).toFixed(1);
  const row = (name: string, pick: (run: Measurement) => string) => [name, pick(main.async), pick(main.sync)];
  return `## What is held while it runs (mean / most, sampled once a second)

${table(
  ['', 'event-driven', 'synchronous'],
  [
    row('client connections to the API', (run) => level(run.resources.apiSockets)),
    row('ms that a request holds its connection, p50', (run) => ms(run.load.reply.p50)),
    row('calls under way at the remote system', (run) => level(run.resources.remoteCalls)),
    row('connections open to the remote system', (run) => level(run.resources.remoteSockets)),
    row('database sessions busy, API', (run) => level(slots(run).api)),
    row('database sessions busy, relay and stages (mean)', (run) => stages(slots(run))),
  ],
)}

No session waits for the remote system in either mode, and Node holds no thread per request. What the synchronous
mode holds for the whole time is the client's connection.`;
}

import { group, ms, rate, seconds, table } from '../lib/format.ts';
import type { Measurement } from '../lib/measure.ts';
import { ARTICLE, articleNotes } from './article.ts';
import { conditions } from './conditions.ts';
import { costPart, heldPart } from './cost.ts';
import { describeModel } from './plan.ts';
import type { DuelReport, Pair } from './report-data.ts';

/** The report as Markdown: a pure function of the data. */
export function writeMarkdown(report: DuelReport): string {
  const parts = [
    heading(report),
    mainPart(report),
    articlePart(),
    costPart(report),
    heldPart(report),
    usersPart(report),
    singlePart(report),
    openPart(report),
    conditions(report),
    definitions(),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const completedOf = (run: Measurement): number =>
  Object.values(run.ended).reduce((sum, count) => sum + count, 0);

function heading(report: DuelReport): string {
  const { main, users, remoteLatencyMs } = report;
  const ratio = main.async.completedPerSecond / main.sync.completedPerSecond;
  return `# Event-driven against synchronous

With ${users} users and a remote system that takes ${remoteLatencyMs} ms, the event-driven pipeline completed
**${rate(main.async.completedPerSecond)} transactions/s** and the synchronous twin **${rate(main.sync.completedPerSecond)}/s**: ${rate(ratio)} times as many.
The client had its answer after ${ms(main.async.load.reply.p50)} instead of ${ms(main.sync.load.reply.p50)} (medians). Both modes ran on the same machine, in
turn, with the same payments, the same remote system, the same tables and the same durability.

![Completed per second by users](curve.svg)`;
}

function mainPart({ main, users, generator }: DuelReport): string {
  const { sync, async: eventDriven } = ARTICLE;
  const row = (name: string, pick: (run: Measurement) => string, theirs: [string, string] = ['', '']) => [
    name,
    pick(main.async),
    pick(main.sync),
    ...theirs,
  ];
  const rows = [
    row('accepted per second', (run) => rate(run.acceptedPerSecond), [
      String(eventDriven.operationsPerSecond),
      '',
    ]),
    row('**completed per second**', (run) => `**${rate(run.completedPerSecond)}**`, [
      'not given',
      String(sync.operationsPerSecond),
    ]),
    row('reply p50', (run) => ms(run.load.reply.p50), [eventDriven.reply, sync.reply]),
    row('reply p95', (run) => ms(run.load.reply.p95)),
    row('reply p99', (run) => ms(run.load.reply.p99)),
    row('whole transaction p50', (run) => ms(run.wholeMs.p50), ['not given', sync.reply]),
    row('whole transaction p95', (run) => ms(run.wholeMs.p95)),
    row('whole transaction p99', (run) => ms(run.wholeMs.p99)),
    row('accepted in all', (run) => group(run.accepted), [group(eventDriven.requests), group(sync.requests)]),
    row('completed in all', (run) => group(completedOf(run))),
    row('refused by 503', (run) => group(run.load.errors['503'] ?? 0)),
    row('other errors', otherErrors),
    row('backlog when the load stopped', (run) => group(run.backlogAtEnd), ['not given', '']),
    row('time until it was drained', (run) => seconds(run.drainSeconds), ['not given', '']),
    row('never ended', (run) => group(run.notEnded)),
  ];
  const head = ['', 'event-driven', 'synchronous', 'article, event-driven', 'article, synchronous'];
  return `## The article's experiment: ${users} users, ${Math.round(main.async.seconds)} s for each mode, ramped up

${table(head, rows)}

![Latencies](latency.svg)

![Second by second](timeline.svg)

Load by ${generator.name} ${generator.version}. Outcomes: event-driven ${outcomes(main.async)}; synchronous ${outcomes(main.sync)}.`;
}

function otherErrors({ load }: Measurement): string {
  const others = Object.entries(load.errors).filter(([kind]) => kind !== '503');
  return others.length === 0 ? '0' : others.map(([kind, count]) => `${group(count)} (${kind})`).join(', ');
}

function outcomes({ ended }: Measurement): string {
  return (
    Object.entries(ended)
      .map(([state, count]) => `${group(count)} ${state}`)
      .join(', ') || 'none'
  );
}

function articlePart(): string {
  const source = '"How to Scale With Event-Driven Services"';
  return `### About the article's figures (${source}: 40 users, 10 minutes, Java)

${articleNotes()
  .map((note) => `- ${note}`)
  .join('\n')}`;
}

function usersPart({ sweep, curve }: DuelReport): string {
  const pairs = [...sweep, ...curve];
  if (pairs.length === 0) return '';
  const rows = pairs.map((pair) => [
    describeModel(pair.async.model),
    rate(pair.async.acceptedPerSecond),
    rate(pair.async.completedPerSecond),
    rate(pair.sync.completedPerSecond),
    `${rate(pair.async.completedPerSecond / pair.sync.completedPerSecond)}x`,
    ms(pair.async.load.reply.p99),
    ms(pair.sync.load.reply.p99),
    problems(pair),
  ]);
  const head = [
    '',
    'accepted/s, event-driven',
    'completed/s, event-driven',
    'completed/s, synchronous',
    'ratio',
    'reply p99, event-driven',
    'reply p99, synchronous',
    'not 2xx',
  ];
  return `## From one user to many

${table(head, rows)}

The synchronous mode completes users / latency until the CPU is the limit: it is not slow, it needs many users at once,
and each of them waits. Where accepted and completed differ, the backlog grew or shrank during the run; it drained
afterwards. A user who is refused comes back after the time in Retry-After, 1 to 5 s.`;
}

/** Refused or failed requests of either mode. */
function problems({ async: eventDriven, sync }: Pair): string {
  const of = ({ load }: Measurement) =>
    Object.entries(load.errors)
      .map(([kind, count]) => `${group(count)} x ${kind}`)
      .join(', ') || '0';
  const [first, second] = [of(eventDriven), of(sync)];
  return first === '0' && second === '0' ? '0' : `${first} / ${second}`;
}

function singlePart({ pipelined, sweep }: DuelReport): string {
  if (!pipelined) return '';
  const one = sweep.find(({ async: run }) => run.model.kind === 'closed' && run.model.users === 1);
  const rows = [...(one ? [one] : []), pipelined].map((pair) => [
    pair === one ? '1 connection, one request at a time' : describeModel(pair.async.model),
    rate(pair.async.completedPerSecond),
    rate(pair.sync.completedPerSecond),
    ms(pair.async.load.reply.p50),
    ms(pair.sync.load.reply.p50),
  ]);
  const head = [
    '',
    'completed/s, event-driven',
    'completed/s, synchronous',
    'reply p50, event-driven',
    'reply p50, synchronous',
  ];
  return `## A client with a single connection

${table(head, rows)}

A client without threads gets a high rate out of the event-driven mode as it is. From the synchronous one it gets it
only by pipelining, where one slow answer holds up all that are behind it.`;
}

function openPart({ open }: DuelReport): string {
  if (open.length === 0) return '';
  const rows = open.flatMap((pair) =>
    [pair.async, pair.sync].map((run) => [
      `${describeModel(run.model)}, ${run.mode === 'async' ? 'event-driven' : 'synchronous'}`,
      rate(run.acceptedPerSecond),
      rate(run.completedPerSecond),
      ms(run.load.reply.p50),
      ms(run.load.reply.p99),
      ms(run.wholeMs.p99),
      run.resources.apiSockets ? group(run.resources.apiSockets.max) : 'n/a',
      group(run.load.dropped),
      problems({ async: run, sync: { ...run, load: { ...run.load, errors: {} } } }).replace(/ \/ 0$/, ''),
    ]),
  );
  const head = [
    '',
    'accepted/s',
    'completed/s',
    'reply p50',
    'reply p99',
    'whole p99',
    'connections needed',
    'never sent',
    'not 2xx',
  ];
  return `## Clients that do not wait for each other (open model)

Requests come at a constant rate, whether earlier ones have been answered or not. A latency counts from the moment the
request was due, so a pause of the system or of the generator cannot hide (coordinated omission).

${table(head, rows)}`;
}

function definitions(): string {
  return `## How to read it

- *accepted*: the transaction is committed and has an id. *completed*: it has reached a terminal state.
- Rates are counted in the database, over the time in which all users were there; ramp and drain are left out.
- *reply* is measured by the client; *whole transaction* in the database, from acceptance to the terminal event, over every
  transaction of the run.
- Requests refused by 503 were told to come back later; nothing was stored for them.`;
}

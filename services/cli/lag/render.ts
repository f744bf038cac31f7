import type { Backlog, Queues } from '../../store/pg/backlog.ts';
import type { Cell } from '../output/table.ts';
import { table } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { counted, grouped, shown, span, wrap } from '../output/text.ts';
import type { BrokerReport, TopicReport } from './collect.ts';
import type { Waiting } from './waiting.ts';
import { waitingFor } from './waiting.ts';

export interface LagReport {
  /** Undefined: Kafka did not answer. */
  readonly broker: BrokerReport | undefined;
  /** Undefined: the database did not answer. */
  readonly database: { readonly backlogs: readonly Backlog[]; readonly queues: Queues } | undefined;
}

const UNKNOWN: Cell = { text: 'unknown', style: 'yellow' };

/** How far the stages are behind, what their replicas say of themselves, what waits in the database. */
export function lagLines(terminal: Terminal, { broker, database }: LagReport): string[] {
  const lines: string[] = [];
  if (broker)
    lines.push(...topicLines(terminal, broker, database), '', ...replicaLines(terminal, broker), '');
  if (database) lines.push(...databaseLines(database).flatMap((line) => wrap(line, terminal.columns)));
  return lines;
}

function topicLines(terminal: Terminal, { topics }: BrokerReport, database: LagReport['database']): string[] {
  const right = { align: 'right' } as const;
  const rows = topics.map((topic) => {
    const waiting = database && waitingFor(topic.stage, topic.event, database.backlogs);
    return topicRow(topic, waiting);
  });
  const columns = [
    { title: 'STAGE' },
    { title: 'GROUP' },
    { title: 'TOPIC', flexible: true },
    { title: 'PARTS', ...right },
    { title: 'LAG', ...right },
    { title: 'IN/S', ...right },
    { title: 'OUT/S', ...right },
    { title: 'WAITING', ...right },
    { title: 'OLDEST', ...right },
  ];
  const unknown = topics.flatMap(({ stage, topic, lag }) =>
    lag.kind === 'unknown'
      ? wrap(shown(`The lag of ${stage} on ${topic} is unknown: ${lag.reason}.`), terminal.columns, {
          hang: '  ',
        })
      : [],
  );
  return [...table(terminal, columns, rows), ...unknown];
}

function topicRow(topic: TopicReport, waiting: Waiting | undefined): Cell[] {
  const { stage, group, event, partitions, lag, rates } = topic;
  return [
    stage,
    group,
    event,
    partitions === undefined ? UNKNOWN : String(partitions),
    lag.kind === 'known' ? grouped(lag.records) : UNKNOWN,
    rates ? rates.inPerSecond.toFixed(0) : '-',
    rates ? rates.outPerSecond.toFixed(0) : '-',
    waiting ? grouped(waiting.count) : UNKNOWN,
    age(waiting),
  ];
}

function age(waiting: Waiting | undefined): Cell {
  if (!waiting) return UNKNOWN;
  return waiting.oldestSeconds === undefined ? '-' : span(waiting.oldestSeconds * 1_000);
}

function replicaLines(terminal: Terminal, { replicas }: BrokerReport): string[] {
  if (replicas.length === 0) return ['No replica has told of its load yet.'];
  const right = { align: 'right' } as const;
  return table(
    terminal,
    [
      { title: 'STAGE' },
      { title: 'REPLICA' },
      { title: 'PARTITIONS', ...right },
      { title: 'IN FLIGHT', ...right },
      { title: 'BUSY', ...right },
      { title: 'DONE/S', ...right },
    ],
    replicas.map(({ stage, replica, partitions, inFlight, busy, donePerSecond }) => [
      stage,
      replica,
      String(partitions),
      grouped(inFlight),
      busy === undefined ? 'quiet' : `${(busy * 100).toFixed(0)} %`,
      donePerSecond === undefined ? '-' : donePerSecond.toFixed(0),
    ]),
  );
}

function databaseLines({ backlogs, queues }: NonNullable<LagReport['database']>): string[] {
  const total = (pick: (backlog: Backlog) => number): number =>
    backlogs.reduce((sum, backlog) => sum + pick(backlog), 0);
  const inFlight = total(({ free, inLane, retrying, buried }) => free + inLane + retrying + buried);
  const { outbox, outboxOldestSeconds, retries, nextRetrySeconds, openLetters } = queues;
  const parts = [
    `${counted(inFlight, 'transaction')} in flight`,
    `${grouped(total(({ inLane }) => inLane))} behind another with the same key`,
    `${grouped(total(({ buried }) => buried))} with an open dead letter`,
  ];
  const next = nextRetrySeconds ?? 0;
  return [
    `${parts.join(', ')}.`,
    outbox === 0
      ? 'The outbox is empty.'
      : `The outbox holds ${counted(outbox, 'row')}, the oldest for ${span((outboxOldestSeconds ?? 0) * 1_000)}.`,
    retries === 0
      ? 'No retries are scheduled.'
      : `${counted(retries, 'retry', 'retries')} scheduled, the next ${next < 0 ? `overdue for ${span(-next * 1_000)}` : `in ${span(next * 1_000)}`}.`,
    openLetters === 0
      ? 'There are no open dead letters.'
      : `${counted(openLetters, 'open dead letter')}: sluice dlq list.`,
  ];
}

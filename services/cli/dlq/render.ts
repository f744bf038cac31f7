import type { LetterDetail, LetterGroup, LetterRow } from '../../store/pg/dlq.ts';
import { table } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { counted, grouped, instant, shown, wrap } from '../output/text.ts';
import { valueLines } from './value.ts';

/** How many by cause, topic and stage. */
export function groupLines(terminal: Terminal, groups: readonly LetterGroup[]): string[] {
  return table(
    terminal,
    [
      { title: 'CAUSE' },
      { title: 'TOPIC', flexible: true },
      { title: 'STAGE' },
      { title: 'COUNT', align: 'right' },
      { title: 'OPEN', align: 'right' },
      { title: 'LAST (UTC)' },
    ],
    groups.map(({ cause, topic, stage, count, open, last }) => [
      cause,
      topic,
      stage,
      grouped(count),
      open > 0 ? { text: grouped(open), style: 'yellow' } : '0',
      instant(last).slice(0, 19),
    ]),
  );
}

/** One line each. */
export function rowLines(terminal: Terminal, rows: readonly LetterRow[]): string[] {
  return table(
    terminal,
    [
      { title: 'ID', align: 'right' },
      { title: 'AT (UTC)' },
      { title: 'CAUSE' },
      { title: 'RECORD', flexible: true },
      { title: 'TRANSACTION' },
      { title: 'REDRIVEN' },
    ],
    rows.map((row) => [
      row.id,
      instant(row.at).slice(5, 19),
      row.cause,
      recordOf(row, lastPart(row.topic)),
      row.transactionId ?? '-',
      row.redrives === 0 ? '-' : String(row.redrives),
    ]),
  );
}

/** Everything about one. */
export function letterLines(terminal: Terminal, letter: LetterDetail): string[] {
  const heading = (text: string): string => terminal.style('dim', text);
  const { redrivenAt, redrives, waiting } = letter;
  const fields: [string, string][] = [
    ['cause', letter.cause],
    ['stage', `${letter.stage}, after ${counted(letter.attempts, 'attempt')}`],
    ['record', recordOf(letter, letter.topic)],
    ['buried', `${instant(letter.at)} UTC`],
    ['redriven', redrivenAt ? `${counted(redrives, 'time')}, last ${instant(redrivenAt)} UTC` : 'never'],
    ['transaction', transactionOf(letter)],
    ...(waiting > 0
      ? [['outbox', `${counted(waiting, 'row')} about it, waiting for the relay`] as [string, string]]
      : []),
  ];
  return [
    terminal.style('bold', `Dead letter ${letter.id}`),
    ...fields.map(([name, value]) => `  ${name.padEnd(13)}${shown(value)}`),
    ...wrap(shown(letter.message), terminal.columns, { indent: '  because      ', hang: '               ' }),
    heading('headers'),
    ...Object.entries(letter.headers).map(([name, value]) => `  ${shown(name)}: ${shown(value)}`),
    heading('key'),
    ...valueLines(letter.key).map((line) => `  ${line}`),
    heading('value'),
    ...valueLines(letter.value).map((line) => `  ${line}`),
    ...advice(letter),
  ];
}

function transactionOf({ transactionId, state, headers }: LetterDetail): string {
  if (transactionId !== null) return `${transactionId}, ${state ? `now ${state}` : 'which is not there'}`;
  const subject = headers['ce_subject'];
  return subject === undefined ? 'none that is known' : `perhaps ${subject}, by its header`;
}

function advice({ id, transactionId, redrivenAt }: LetterDetail): string[] {
  const lines = transactionId === null ? [] : [`sluice why ${transactionId}`];
  if (redrivenAt === null) lines.push(`sluice dlq redrive --id ${id}    once its cause is gone`);
  return lines.length === 0 ? [] : ['', ...lines];
}

/** As JSON; key and value may be any bytes and are in Base64. */
export function letterJson(letter: LetterDetail): string {
  const key = letter.key?.toString('base64') ?? null;
  const value = letter.value?.toString('base64') ?? null;
  return JSON.stringify({ ...letter, key, value }, null, 2);
}

/** A message the relay could not send has no offset; what stands in its place is its outbox row. */
function recordOf({ partition, offset }: LetterRow, topic: string): string {
  return partition < 0 ? `${topic}, outbox row ${offset}` : `${topic}/${partition}@${offset}`;
}

const lastPart = (topic: string): string => topic.slice(topic.lastIndexOf('.') + 1);

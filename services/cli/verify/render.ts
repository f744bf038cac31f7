import type { Cell } from '../output/table.ts';
import { table } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { counted, grouped, instant, shown, wrap } from '../output/text.ts';
import type { RuleReport, VerifyReport } from './report.ts';

/** The report for people: the sum, the rules, then what breaks them. */
export function renderReport(terminal: Terminal, report: VerifyReport): string[] {
  const { counts, seconds } = report;
  return [
    `Snapshot of ${instant(new Date(report.at))} UTC, read in ${seconds.toFixed(1)} s.`,
    '',
    ...wrap(sum(counts), terminal.columns, { hang: '  ' }),
    ...states(counts),
    '',
    ...table(
      terminal,
      [
        { title: 'RULE', flexible: true },
        { title: 'CHECKED', align: 'right' },
        { title: 'BROKEN', align: 'right' },
      ],
      report.rules.map((rule) => ruleRow(rule)),
    ),
    '',
    ...report.rules.flatMap((rule) => violations(terminal, rule)),
    ...remarks(report).flatMap((remark) => wrap(remark, terminal.columns)),
    verdict(terminal, report),
  ];
}

function sum(counts: VerifyReport['counts']): string {
  const { accepted, done, rejected, failed, expired, compensated, inFlight } = counts;
  const parts = { done, rejected, failed, expired, compensated, 'in flight': inFlight };
  const terms = Object.entries(parts).map(([name, count]) => `${name} ${grouped(count)}`);
  return `accepted ${grouped(accepted)} = ${terms.join(' + ')}`;
}

function states({ inFlightByState }: VerifyReport['counts']): string[] {
  const entries = Object.entries(inFlightByState);
  if (entries.length === 0) return [];
  return [`in flight: ${entries.map(([state, count]) => `${state} ${grouped(count)}`).join(', ')}`];
}

function ruleRow({ title, checked, violations, skipped }: RuleReport): Cell[] {
  if (skipped !== undefined)
    return [title, { text: 'skipped', style: 'yellow' }, { text: '-', style: 'yellow' }];
  const broken = grouped(violations);
  return [title, grouped(checked), violations === 0 ? broken : { text: broken, style: 'red' }];
}

function violations(terminal: Terminal, { title, violations, examples }: RuleReport): string[] {
  if (violations === 0) return [];
  const rest = violations - examples.length;
  return [
    terminal.style('red', `Broken: ${title}`),
    ...examples.flatMap(({ id, message }) =>
      wrap(shown(`${id} ${message}`), terminal.columns, { indent: '  ', hang: '      ' }),
    ),
    ...(rest > 0 ? [`  and ${grouped(rest)} more`] : []),
    '',
  ];
}

function remarks(report: VerifyReport): string[] {
  const { ledger, outbox, deadLetters, stuck } = report;
  const books =
    ledger.status === 'read'
      ? `Ledger of ${ledger.url}: ${counted(ledger.keys, 'key')}.`
      : `The remote system's ledger was not compared with: ${ledger.reason}.`;
  const waiting =
    outbox.rows === 0
      ? 'The outbox is empty.'
      : `The outbox holds ${counted(outbox.rows, 'row')}, the oldest ${outbox.oldestSeconds.toFixed(1)} s old.`;
  const letters = deadLetters.map(
    ({ cause, open, redriven }) => `${shown(cause)} (${grouped(open)} open, ${grouped(redriven)} redriven)`,
  );
  return [
    books,
    waiting,
    letters.length === 0 ? 'There are no dead letters.' : `Dead letters by cause: ${letters.join(', ')}.`,
    ...(stuck.count === 0
      ? []
      : [`${counted(stuck.count, 'transaction')} in flight, waiting for the redrive of a dead letter:`]),
    ...stuck.examples.map(
      ({ id, state, letterId, cause }) => `  ${id} is ${state}; dead letter ${letterId} (${shown(cause)})`,
    ),
    '',
  ];
}

function verdict(terminal: Terminal, { ok, violations, rules }: VerifyReport): string {
  if (!ok) return terminal.style('red', `${counted(violations, 'violation')}.`);
  const skipped = rules.filter((rule) => rule.skipped !== undefined).length;
  const held = `${counted(rules.length - skipped, 'rule')} hold`;
  return skipped === 0
    ? terminal.style('green', `All ${held}.`)
    : terminal.style('yellow', `${held}, ${skipped} were not checked.`);
}

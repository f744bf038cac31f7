import type { TransactionFacts } from '../../store/pg/why.ts';
import type { Terminal } from '../output/terminal.ts';
import { instant, shown, span, wrap } from '../output/text.ts';
import { traceIdOf } from '../../domain/ids.ts';
import { standing } from './standing.ts';
import type { Moment } from './timeline.ts';
import { timeline } from './timeline.ts';

const TIME_WIDTH = 23;
const DELTA_WIDTH = 12;

/** What has happened, line by line, then where it stands. */
export function whyLines(terminal: Terminal, facts: TransactionFacts): string[] {
  const { now, id, type, order, key, keyed, events } = facts;
  const moments = timeline(facts);
  const past = moments.filter(({ at }) => at <= now);
  const future = moments.filter(({ at }) => at > now);
  const { stands, waitsFor, advice } = standing(facts);
  const trace = events[0] ? `, trace ${traceIdOf(events[0].traceparent)}` : '';
  const sentences = [stands, waitsFor, advice].filter((sentence) => sentence !== undefined).join(' ');
  return [
    terminal.style('bold', id),
    ...wrap(`${type} (${order}${keyed ? `, key ${shown(key)}` : ''})${trace}`, terminal.columns),
    '',
    ...momentLines(terminal, past),
    ...momentLines(terminal, [{ at: now, text: 'now' }, ...future], past.at(-1)),
    '',
    ...wrap(shown(sentences), terminal.columns),
  ];
}

/** Time, time since the line before, and what it was; `before` is the line before the first one. */
function momentLines(terminal: Terminal, moments: readonly Moment[], before?: Moment): string[] {
  const textWidth = terminal.columns - TIME_WIDTH - DELTA_WIDTH - 2;
  return moments.flatMap(({ at, text }, index) => {
    const previous = moments[index - 1] ?? before;
    const delta = previous ? `+${span(at.getTime() - previous.at.getTime())}` : '';
    const [first = '', ...rest] = wrap(shown(text), textWidth);
    const left = `${instant(at)}${delta.padStart(DELTA_WIDTH)}`;
    return [
      `${terminal.style('dim', left)}  ${first}`,
      ...rest.map((line) => `${' '.repeat(TIME_WIDTH + DELTA_WIDTH + 2)}${line}`),
    ];
  });
}

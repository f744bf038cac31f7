import Table from 'cli-table3';
import { STAGES } from '../../domain/stages.ts';
import { STATES } from '../../domain/state-machine.ts';
import type { ScalerState } from '../operator/operator-client.ts';
import type { Followed } from './follow-one.ts';
import type { Moment } from './load-step.ts';
import type { Settlement, Summary } from './summary.ts';

/** Unknown is shown as such, never as zero. */
const UNKNOWN = '?';
const NO_RULES = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
const plain = { style: { head: [], border: [] }, chars: NO_RULES };

export function followedTable({ events }: Followed): string {
  const table = new Table({ ...plain, head: ['after', 'event', 'by', 'state'], colAligns: ['right'] });
  for (const event of events) table.push([`${event.afterMs} ms`, event.event, event.stage, event.state]);
  return table.toString();
}

/** The table that is updated in place while the load runs. */
export function momentTable(moment: Moment, seconds: number): string {
  const { figures, report } = moment;
  const rates = new Table({
    ...plain,
    head: ['', 'per second', 'in all', 'p50', 'p99'],
    colAligns: right(5),
  });
  rates.push(
    ['accepted', number(moment.acceptedPerSecond), number(figures.accepted), ...latency(report?.latest)],
    ['completed', number(moment.completedPerSecond), number(figures.completed), ...latency(moment.endToEnd)],
  );
  const clock = `${Math.min(seconds, Math.round(moment.elapsedSeconds))} s of ${seconds} s`;
  const refused = report ? `refused ${report.total.refused}, failed ${report.total.failed}` : '';
  return [`Load: ${clock}   ${refused}`, rates.toString(), stageTable(moment), stateLine(moment)].join('\n');
}

/** Replicas: ready of those that are wanted. What the operator says is left empty where it has no say. */
function stageTable({ stages, lag, scalers }: Moment): string {
  const table = new Table({
    ...plain,
    head: ['stage', 'replicas', 'lag', 'age', 'capacity', 'operator', 'RSS MB'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'left', 'right'],
  });
  for (const view of stages) {
    const stage = STAGES.find((name) => name === view.name);
    const rss = view.processes.reduce((sum, process) => sum + process.rssBytes, 0);
    table.push([
      view.name,
      `${view.ready} of ${view.replicas}`,
      stage ? number(lag[stage]) : '',
      ...scalerCells(scalers.find(({ name }) => name === view.name)),
      Math.round(rss / 2 ** 20),
    ]);
  }
  return table.toString();
}

function scalerCells(scaler: ScalerState | undefined): [string, string, string] {
  if (!scaler) return ['', '', ''];
  const { measured, mode, reason } = scaler;
  const age = measured.ageSeconds === undefined ? UNKNOWN : `${measured.ageSeconds.toFixed(1)} s`;
  const shown = mode === 'active' ? reason : `${reason} (${mode})`;
  return [age, `${number(measured.capacityPerReplica)}/s each`, shown];
}

/** The same where there is no terminal to update: one line. */
export function momentLine(moment: Moment): string {
  const { figures, report, lag, stages } = moment;
  const [acceptP50, acceptP99] = latency(report?.latest);
  const [endP50, endP99] = latency(moment.endToEnd);
  const lags = STAGES.map((stage) => `${stage} ${number(lag[stage])}`).join(', ');
  const replicas = stages
    .filter(({ name }) => STAGES.some((stage) => stage === name))
    .map(({ name, ready, replicas: wanted }) => `${name} ${ready}/${wanted}`);
  return (
    `  ${String(Math.round(moment.elapsedSeconds)).padStart(4)} s  accepted ${number(moment.acceptedPerSecond)}/s ` +
    `(${acceptP50}, p99 ${acceptP99})  completed ${number(moment.completedPerSecond)}/s (${endP50}, p99 ${endP99})  ` +
    `open ${number(figures.open)}  lag: ${lags}  replicas: ${replicas.join(', ')}`
  );
}

export function summaryTable({ load, sync, ratio }: Summary): string {
  const table = new Table({ ...plain, head: ['', 'event-driven', 'synchronous'], colAligns: right(3) });
  table.push(
    ['answered per second', number(load.acceptedPerSecond), number(sync.completedPerSecond)],
    ['completed per second', number(load.completedPerSecond), number(sync.completedPerSecond)],
    ['reply p50 / p99', both(load.accept), both(sync.reply)],
    ['whole transaction p50 / p99', both(load.endToEnd), both(sync.reply)],
    ['accepted', number(load.accepted), number(sync.completed)],
    ['refused (503) / failed', `${load.refused} / ${load.failed}`, `${sync.refused} / ${sync.failed}`],
    ['left when the load stopped', `${number(load.backlog)}, drained in ${seconds(load.drainSeconds)}`, '0'],
  );
  const times = Number.isFinite(ratio) ? `${ratio!.toFixed(1)} times` : UNKNOWN;
  return `${table.toString()}\nThe event-driven pipeline completed ${times} as many per second as the synchronous twin.`;
}

export function settlementLines({ counts, open, ok, violations }: Settlement): string {
  const { accepted, inFlight, inFlightByState: _states, ...terminal } = counts;
  const parts = Object.entries({ ...terminal, 'in flight': inFlight }).map(
    ([name, count]) => `${number(count)} ${name}`,
  );
  const audit = ok ? 'no rule broken' : `${violations} violations`;
  return `Settlement: ${number(accepted)} accepted = ${parts.join(' + ')}; ${open} open; audit: ${audit}.`;
}

function stateLine({ figures }: Moment): string {
  const counts = STATES.flatMap((state) => {
    const count = figures.byState[state];
    return count === undefined ? [] : [`${state} ${number(count)}`];
  });
  return `States: ${counts.join(', ')}`;
}

function latency(
  value: { readonly p50Ms: number | null; readonly p99Ms: number | null } | undefined,
): [string, string] {
  return [ms(value?.p50Ms), ms(value?.p99Ms)];
}

function both(value: { readonly p50Ms: number | null; readonly p99Ms: number | null }): string {
  return latency(value).join(' / ');
}

function ms(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return UNKNOWN;
  return `${value < 10 ? value.toFixed(1) : number(value)} ms`;
}

function seconds(value: number | null): string {
  return value === null ? UNKNOWN : `${value.toFixed(1)} s`;
}

function number(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? UNKNOWN : Math.round(value).toLocaleString('en');
}

function right(columns: number): ('left' | 'right')[] {
  return ['left', ...Array.from({ length: columns - 1 }, () => 'right' as const)];
}

import type { Scrape } from '../scrape.ts';
import { quantile } from '../scrape.ts';
import type { Memory } from './operator.ts';

export interface Measured {
  readonly before: Scrape;
  readonly after: Scrape;
  readonly seconds: number;
  /** Every second. */
  readonly memory: readonly Memory[];
  /** Load average of one minute, every second. */
  readonly load: readonly number[];
}

const TICK = 'sluice_operator_tick_duration';
const MIB = 1_048_576;

/** What was measured, as names and figures. */
export function rowsOf(measured: Measured): readonly (readonly [string, string])[] {
  const { before, after, seconds, memory, load } = measured;
  const grown = (name: string, matches?: (labels: string) => boolean): number =>
    after.sum(name, matches) - before.sum(name, matches);
  const written = (resource: RegExp): string => {
    const isWrite = (labels: string): boolean => /PATCH|POST|PUT/.test(labels) && resource.test(labels);
    const count = grown('sluice_operator_kube_requests_total', isWrite);
    return `${count} (${(count / seconds).toFixed(1)}/s)`;
  };
  const within = (name: string, share: number): string => `${quantile(before, after, name, share)} s`;
  const ticks = grown(`${TICK}_count`);
  const average = grown(`${TICK}_sum`) / ticks;
  const resident = memory.map((one) => one.resident);
  return [
    ['ticks', `${ticks} in ${seconds} s, ${average.toFixed(3)} s on average`],
    ['tick p50, p99 at most', `${within(TICK, 0.5)}, ${within(TICK, 0.99)}`],
    ['RSS, median and peak', `${mib(median(resident))}, ${mib(Math.max(...resident))}`],
    ['RSS, peak since its start', mib(memory.at(-1)!.peak)],
    ['heap in use at the end', mib(after.sum('nodejs_heap_used'))],
    ['CPU', `${(grown('process_cpu_time_total') / seconds).toFixed(2)} cores`],
    ['series on /metrics', `${after.size}, ${after.overflows} of them for others that were left out`],
    ['Kafka requests per tick', (grown('sluice_operator_kafka_requests_total') / ticks).toFixed(1)],
    ['status writes', written(/stagescalers\/status/)],
    ['scale writes', written(/\/scale"/)],
    ['Events', written(/resource="events"/)],
    ['Lease writes', written(/leases/)],
    ['load average, median and most', `${median(load).toFixed(1)}, ${Math.max(...load).toFixed(1)}`],
  ];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UsageError } from '../lib/command-line.ts';
import type { Measurement } from '../lib/measure.ts';
import { findHighest } from './completed-row.ts';
import { judgeFlatness, slope } from './flatness.ts';
import { parseOptions } from './options.ts';
import type { BenchReport, MeasuredRow } from './report.ts';
import { writeBench } from './report.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bench-'));
});
afterEach(() => rm(directory, { recursive: true }));

function run(backlog: (second: number) => number, change: Partial<Measurement> = {}): Measurement {
  return {
    mode: 'async',
    model: { kind: 'open', ratePerSecond: 1_000, maxInFlight: 4_000 },
    seconds: 60,
    load: {
      generator: 'undici',
      sent: 60_000,
      ok: 60_000,
      errors: {},
      dropped: 0,
      reply: { p50: 5, p95: 6, p99: 7, max: 8, mean: 5 },
      cpuSeconds: 1,
    },
    accepted: 60_000,
    ended: { done: 60_000 },
    wholeMs: { p50: 5, p95: 6, p99: 7, max: 8, mean: 5 },
    timeline: [...Array(62).keys()].map((second) => ({
      second,
      accepted: 1_000,
      completed: 1_000,
      backlog: backlog(second),
    })),
    acceptedPerSecond: 1_000,
    completedPerSecond: 1_000,
    backlogAtEnd: 500,
    drainSeconds: 0.8,
    notEnded: 0,
    resources: {
      seconds: 62,
      apiSockets: undefined,
      remoteSockets: undefined,
      remoteCalls: undefined,
      poolSlots: {},
      components: [],
      machineCpuSeconds: undefined,
    },
    ...change,
  };
}

test('a backlog that stays within bounds is flat, however much it jumps about', () => {
  const judged = judgeFlatness(
    run((second) => 550 + (second % 2) * 300),
    1_000,
    450,
  );
  expect(judged).toMatchObject({ flat: true, reasons: [] });
  expect(judged.meanBacklog).toBeCloseTo(700, 0);
});

test.each([
  ['a backlog that grows by 2 % of the rate', run((second) => 500 + second * 20)],
  ['a slow drain', run(() => 500, { drainSeconds: 5 })],
  ['less accepted than offered', run(() => 500, { acceptedPerSecond: 900 })],
  ['refused requests', run(() => 500, { load: { ...run(() => 0).load, errors: { 503: 1 } } })],
  ['requests never sent', run(() => 500, { load: { ...run(() => 0).load, dropped: 1 } })],
  ['transactions that never ended', run(() => 500, { notEnded: 1 })],
])('%s is not flat', (_name, measured) => {
  expect(judgeFlatness(measured, 1_000, 450)).toMatchObject({ flat: false, reasons: [expect.any(String)] });
});

test('slope is that of the line through the values', () => {
  expect(slope([5, 7, 9, 11])).toBeCloseTo(2);
  expect(slope([5])).toBe(0);
});

test('the search ends just below the rate that the system can do', async () => {
  const capacities = fc.integer({ min: 100, max: 8_000 });
  await fc.assert(
    fc.asyncProperty(capacities, async (capacity) => {
      let probes = 0;
      const found = await findHighest(1_000, (rate) => {
        probes++;
        return Promise.resolve(rate <= capacity);
      });
      expect(found).toBeLessThanOrEqual(capacity);
      expect(found).toBeGreaterThan(capacity * 0.85 - 20);
      expect(probes).toBeLessThanOrEqual(12);
    }),
  );
});

const row = (measured: string, must: boolean): MeasuredRow => ({
  measured,
  must,
  aim: false,
  notes: ['as described'],
  data: {},
  measuredAt: '2026-01-02T03:04:05.000Z',
  commit: 'abc',
});
const REPORT: BenchReport = {
  format: 1,
  machine: {
    cpu: 'A CPU',
    cores: 2,
    memoryBytes: 2 ** 34,
    system: 'Linux 6',
    node: '26.0.0',
    kafka: '4.3.1',
    sluice: '0.1.0',
    commit: 'abc',
  },
  database: { server_version: '18.4', fsync: 'on', synchronous_commit: 'on' },
  generator: { name: 'autocannon', version: '9.0.0' },
  tuning: {},
  rows: { accept: row('2,000/s, p99 50.0 ms', true) },
};

test('rows that are measured later join those that are there', async () => {
  await writeBench(directory, REPORT);
  await writeBench(directory, {
    ...REPORT,
    database: undefined,
    rows: { bulk: row('9,000 lines/s', false) },
  });
  const text = await readFile(join(directory, 'latest.md'), 'utf8');
  expect(text).toContain('2,000/s, p99 50.0 ms | must met |');
  expect(text).toContain('9,000 lines/s | **missed** |');
  expect(text).toContain('not measured');
  expect(text).toContain('fsync=on');
});

test('all mistakes on the command line are told at once', () => {
  const parse = () => parseOptions(['--only', 'accept,speed', '--seconds=1', '--generator', 'ab']);
  expect(parse).toThrow(UsageError);
  for (const name of ['no row speed', '--seconds', '--generator']) expect(parse).toThrow(name);
  expect(parseOptions(['--only', 'bulk,accept']).only).toEqual(['bulk', 'accept']);
});

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LoadModel } from '../lib/generator.ts';
import type { Measurement, Mode } from '../lib/measure.ts';
import { withBacklog } from '../lib/measure.ts';
import type { Resources } from '../lib/sampler.ts';
import { cpuPerTransaction } from '../lib/cpu.ts';
import { writeMarkdown } from './markdown.ts';
import type { DuelReport, Pair } from './report-data.ts';
import { readReport, writeReport } from './write-report.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'duel-'));
});
afterEach(() => rm(directory, { recursive: true }));

const latencies = (p50: number) => ({ p50, p95: p50 * 2, p99: p50 * 3, max: p50 * 4, mean: p50 });

function resources(cpuSeconds: number): Resources {
  const names = ['api', 'relay', 'validate', 'remote', 'persist', 'kafka', 'postgres', 'remote-simulator'];
  return {
    seconds: 10,
    apiSockets: { mean: 39.5, max: 40 },
    remoteSockets: { mean: 500, max: 800 },
    remoteCalls: { mean: 400, max: 600 },
    poolSlots: { 'sluice-api': { mean: 1, max: 2 }, 'sluice-relay': { mean: 0.5, max: 1 } },
    components: names.map((name) => ({ name, cpuSeconds, rssMaxBytes: 9e7, pssEndBytes: 8e7 })),
    machineCpuSeconds: 9 * cpuSeconds,
  };
}

function measurement(mode: Mode, model: LoadModel, perSecond: number): Measurement {
  return {
    mode,
    model,
    seconds: 10,
    load: {
      generator: 'autocannon',
      sent: perSecond * 10,
      ok: perSecond * 10,
      errors: mode === 'async' ? { 503: 7 } : {},
      dropped: 0,
      reply: latencies(mode === 'async' ? 15 : 460),
      cpuSeconds: 1,
    },
    accepted: perSecond * 10,
    ended: { done: perSecond * 10 },
    wholeMs: latencies(700),
    timeline: withBacklog(
      [...Array(10).keys()].map((second) => ({ second, accepted: perSecond, completed: perSecond })),
    ),
    acceptedPerSecond: perSecond,
    completedPerSecond: perSecond,
    backlogAtEnd: 12,
    drainSeconds: 0.5,
    notEnded: 0,
    resources: resources(mode === 'async' ? 2 : 1),
  };
}

const pair = (model: LoadModel, eventDriven: number, sync: number): Pair => ({
  async: measurement('async', model, eventDriven),
  sync: measurement('sync', model, sync),
});
const closed = (users: number): LoadModel => ({ kind: 'closed', users, rampSeconds: 0 });

const REPORT: DuelReport = {
  format: 1,
  startedAt: '2026-01-02T03:04:05.000Z',
  tookSeconds: 240,
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
  database: { server_version: '18.4', fsync: 'on' },
  remote: { meanMs: 450 },
  generator: { name: 'autocannon', version: '9.0.0' },
  target: 'started for this duel',
  tuning: { DATABASE_POOL_MAX: '16' },
  users: 40,
  remoteLatencyMs: 450,
  idle: resources(0.1),
  main: pair(closed(40), 1_800, 85),
  sweep: [pair(closed(1), 300, 2), pair(closed(40), 1_800, 85)],
  curve: [pair(closed(400), 2_000, 700)],
  pipelined: pair({ kind: 'pipelined', depth: 40 }, 1_200, 80),
  open: [pair({ kind: 'open', ratePerSecond: 200, maxInFlight: 100 }, 200, 200)],
};

test('the report says what was measured, beside the article and its doubts', () => {
  const text = writeMarkdown(REPORT);
  expect(text).toContain('**1,800 transactions/s**');
  expect(text).toContain('21.2 times as many');
  expect(text).toContain('| refused by 503 | 7 | 0 |');
  expect(text).toContain('29000 requests in 600 s are 48/s, not 79');
  expect(text).toContain('229000 are 382/s, not 560');
  expect(text).toContain('fsync=on');
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
});

test('the report stands when most parts were left out and the system tells little', () => {
  const bare = (run: Measurement): Measurement => ({
    ...run,
    resources: {
      ...run.resources,
      components: [],
      apiSockets: undefined,
      remoteSockets: undefined,
      remoteCalls: undefined,
      poolSlots: {},
      machineCpuSeconds: undefined,
    },
    wholeMs: { p50: undefined, p95: undefined, p99: undefined, max: undefined, mean: undefined },
    drainSeconds: undefined,
  });
  const main = { async: bare(REPORT.main.async), sync: bare(REPORT.main.sync) };
  const text = writeMarkdown({ ...REPORT, main, sweep: [], curve: [], open: [], pipelined: undefined });
  expect(text).toContain('n/a on this system');
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
});

test('drawing a written report again gives the same files', async () => {
  await writeReport(directory, REPORT);
  const names = ['report.md', 'report.json', 'curve.svg', 'latency.svg', 'timeline.svg'];
  const read = () => Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  const before = await read();
  await writeReport(directory, await readReport(join(directory, 'report.json')));
  expect(await read()).toEqual(before);
  expect(before[2]).toContain('completed per second');
});

test('CPU per transaction leaves out what is idle and what the mode does not need', () => {
  const sync = cpuPerTransaction(REPORT.main.sync, REPORT.idle)!;
  // 1 s less 0.1 s when idle, over 850 transactions: api, postgres and the remote system.
  expect(sync.system).toBeCloseTo((3 * 0.9e6) / 850, 6);
  const eventDriven = cpuPerTransaction(REPORT.main.async, REPORT.idle)!;
  expect(eventDriven.system).toBeCloseTo((8 * 1.9e6) / 18_000, 6);
});

test('the backlog is what has come less what has gone, in every second', () => {
  const points = [
    { second: 0, accepted: 5, completed: 0 },
    { second: 3, accepted: 0, completed: 5 },
  ];
  expect(withBacklog(points).map(({ backlog }) => backlog)).toEqual([5, 5, 5, 0]);
});

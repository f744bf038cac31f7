import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Results } from './results.ts';
import type { Run } from './run.ts';
import { TRACES } from './traces.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scaling-results-'));
});
afterEach(() => rm(directory, { recursive: true }));

const machine = {
  cpu: 'a processor',
  cores: 2,
  memoryBytes: 2 ** 30,
  system: 'Linux',
  node: '26.0.0',
  kafka: '4.0.0',
  sluice: '0.0.0',
  commit: 'abc1234',
};
const open = () => Results.open(directory, { machine, kubernetes: 'v1', beside: 2 });
const run = (seed: number): Run => ({
  seed,
  records: [{ arrived: 1, settled: 1.1 }],
  settings: [
    { second: 0, replicas: 1 },
    { second: 33, replicas: 8 },
  ],
  lost: 0,
  loadAverage: 1,
});
const written = async () =>
  (JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')) as { rows: object[] }).rows.map(
    (row) => {
      const { trace, worker, seed } = row as Record<string, unknown>;
      return [trace, worker, seed].join(' ');
    },
  );

test('runs that end at the same time are all in the report', async () => {
  const results = await open();
  const runs = [1, 2, 3].flatMap((seed) => [
    results.add(TRACES.step, 'plain', run(seed)),
    results.add(TRACES.spike, 'plain', run(seed)),
  ]);
  await Promise.all(runs);
  expect((await written()).sort()).toEqual(
    ['spike', 'step'].flatMap((trace) => [1, 2, 3].map((seed) => `${trace} plain ${seed}`)),
  );
  const report = await readFile(join(directory, 'report.md'), 'utf8');
  expect(report).toContain('median of 3');
  expect(report).toContain('KEDA default');
});

test('a new bench replaces the rows of the same load and worker, and no others', async () => {
  const first = await open();
  await first.add(TRACES.step, 'plain', run(1));
  await first.add(TRACES.step, 'plain', run(2));
  await first.add(TRACES.step, 'load', run(1));
  const second = await open();
  await second.add(TRACES.step, 'plain', run(7));
  expect((await written()).sort()).toEqual(['step load 1', 'step plain 7']);
});

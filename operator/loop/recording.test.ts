import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KNOWN, decisionOf, rig } from './loop.fixture.ts';
import type { Outcome } from './ports.ts';
import { createRecorder, readRecording } from './recording.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-recording-'));
});
afterAll(() => rm(directory, { recursive: true }));

function outcome(desired: number): Outcome {
  const { scaler } = rig('a');
  const replicas = { desired, ready: 1, revision: '' };
  return {
    scaler,
    observation: { spec: scaler.spec, lag: KNOWN, replicas },
    decision: decisionOf('a', 1),
    result: 'held',
    error: undefined,
  };
}

test('what was observed is read back, with nothing of what was decided', async () => {
  const file = join(directory, 'one.ndjson');
  const recorder = createRecorder(file, (error) => expect.unreachable(String(error)));
  await recorder.accept([outcome(1)], 2);
  await recorder.accept([outcome(2)], 4);
  await recorder.close();
  const read = await readRecording(file);
  expect(read.map(({ at, scalers }) => [at, scalers[0]!.replicas.desired])).toEqual([
    [2, 1],
    [4, 2],
  ]);
  expect(read[0]!.scalers[0]!.lag).toEqual(KNOWN);
  expect(await readFile(file, 'utf8')).not.toContain('reason');
});

test('time goes on where the operator was started again; a last line that was cut off is left out', async () => {
  const file = join(directory, 'two.ndjson');
  const line = (at: number): string => JSON.stringify({ at, scalers: [] });
  await writeFile(file, `${line(100)}\n${line(102)}\n${line(1)}\n${line(3)}\n{"at":5,"sca`);
  expect((await readRecording(file)).map(({ at }) => at)).toEqual([100, 102, 107, 109]);
});

test('a line that is no observation is named', async () => {
  const file = join(directory, 'three.ndjson');
  await writeFile(file, '{"at":1,"scalers":[]}\nhello\n{"at":2,"scalers":[]}\n');
  await expect(readRecording(file)).rejects.toThrow(`${file}, line 2 is no observation`);
});

test('a file that cannot be written is told once', async () => {
  const errors: unknown[] = [];
  const recorder = createRecorder(join(directory, 'none', 'x'), (error) => errors.push(error));
  await recorder.accept([outcome(1)], 2);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await recorder.accept([outcome(1)], 4);
  await recorder.close();
  expect(errors).toHaveLength(1);
});

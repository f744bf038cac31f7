import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProgram } from './program.ts';
import { recordingOf } from './what-if/what-if.fixture.ts';

/** Of an API server that is not there. */
const KUBECONFIG = join(import.meta.dirname, 'explain', 'nobody.kubeconfig.fixture.yaml');

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-cli-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function run(args: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const operatorUrl = 'http://127.0.0.1:9';
  const program = createProgram({ operatorUrl, print: (some) => lines.push(...some) });
  await program.parseAsync(args, { from: 'user' });
  return lines.join('\n');
}

test('what-if prints a table and draws a picture', async () => {
  const recording = join(directory, 'recording.ndjson');
  const observations = recordingOf({
    arrivals: (second) => (second < 60 ? 50 : 180),
    capacity: 100,
    replicas: () => 1,
    seconds: 120,
  });
  await writeFile(recording, observations.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const svg = join(directory, 'picture.svg');
  const text = await run([
    'what-if',
    '--recording',
    recording,
    '--max-age',
    '5',
    '--profile',
    'cost',
    '--svg',
    svg,
  ]);
  expect(text).toMatch(/stage +recorded +120 +0 +1 /);
  expect(text).toMatch(/ +what if +[\d,]+ /);
  expect(text).toContain(`Picture: ${svg}`);
  const picture = await readFile(svg, 'utf8');
  expect(picture).toMatch(/^<svg/);
  for (const part of ['stage: replicas', 'stage: age', 'maxAge 5, profile cost'])
    expect(picture).toContain(part);
});

test.each([
  [['what-if', '--recording', '/nowhere'], 'cannot be read'],
  [['what-if', '--recording', '/dev/null'], 'too little'],
  [['what-if', '--recording', 'x', '--profile', 'cheap'], 'Allowed choices'],
  [['what-if', '--recording', 'x', '--max-age', '0'], 'above 0'],
  [['what-if'], 'required option'],
  [['explain'], 'missing required argument'],
  [['explain', 'remote', '--operator', 'http://127.0.0.1:2'], 'No operator answers at http://127.0.0.1:2'],
  [['explain', 'a/b/c', '--kubeconfig', KUBECONFIG], 'is no name of a StageScaler'],
  [['explain', 'b', '--kubeconfig', '/nowhere'], 'The kubeconfig cannot be read'],
  [['explain', 'b', '--kubeconfig', KUBECONFIG, '--context', 'x'], 'no context x; it has nobody'],
  [['explain', 'b', '--kubeconfig', KUBECONFIG], 'ECONNREFUSED'],
])('%j is refused in words', async (args, message) => {
  await expect(run(args)).rejects.toThrow(message);
});

test('explain tells which scalers there are, and what makes no sense', async () => {
  const answers: [number, string][] = [
    [404, '{"detail":"There is no scaler \\"x\\"; there are remote."}'],
    [200, '{"name":"x"}'],
  ];
  const server = createServer((_request, response) => {
    const [status, body] = answers.shift()!;
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = ['explain', 'x', '--operator', url];
  await expect(run(ask)).rejects.toThrow('There is no scaler "x"; there are remote.');
  await expect(run(ask)).rejects.toThrow('no scaler');
  server.close();
});

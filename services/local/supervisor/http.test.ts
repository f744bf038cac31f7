import { request } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataDirectory } from '../data-directory.ts';
import { PortAllocator } from '../free-port.ts';
import type { SupervisorServer } from './http.ts';
import { openSupervisorServer } from './http.ts';
import { Supervisor } from './supervisor.ts';

/** Serves /readyz as a service does. */
const SERVICE = `
require('http').createServer((_, response) => response.end()).listen(process.env.PORT, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));`;

let directory: string;
let supervisor: Supervisor;
let server: SupervisorServer;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'supervisor-'));
  const ports = new PortAllocator();
  supervisor = new Supervisor({ data: dataDirectory(directory), ports });
  const stage = (name: string, scalable: boolean) => ({
    name,
    scalable,
    replicas: 1,
    spec: (adminPort: number) => ({
      command: process.execPath,
      args: ['-e', SERVICE],
      env: { PORT: String(adminPort) },
    }),
  });
  await supervisor.add(stage('remote', true));
  await supervisor.add(stage('api', false));
  server = await openSupervisorServer(supervisor, await ports.any());
});
afterAll(async () => {
  server.close();
  await supervisor.stop();
  await rm(directory, { recursive: true, force: true });
});

async function ask(method: string, path: string, body?: string, type = 'application/json') {
  const response = await fetch(`${server.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body, headers: { 'content-type': type } }),
  });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.json() };
}

test('shows the stages, and one of them', async () => {
  await Promise.all(['remote', 'api'].map((name) => supervisor.whenReady(name, 10_000)));
  const { body } = await ask('GET', '/stages');
  expect(body).toMatchObject([
    {
      name: 'remote',
      scalable: true,
      replicas: 1,
      ready: 1,
      processes: [{ name: 'remote-1', state: 'ready' }],
    },
    { name: 'api', scalable: false },
  ]);
  expect((await ask('GET', '/stages/remote')).body).toMatchObject({ processes: [{ restarts: 0 }] });
});

test('sets replicas, up and down', async () => {
  expect(await ask('PUT', '/stages/remote', '{"replicas": 3}')).toMatchObject({
    status: 202,
    body: { replicas: 3 },
  });
  await supervisor.whenReady('remote', 10_000);
  expect((await supervisor.view('remote')).ready).toBe(3);
  await ask('PUT', '/stages/remote', '{"replicas": 0}');
  await supervisor.scale('remote', 0);
  while ((await supervisor.view('remote')).processes.length > 0)
    await new Promise((resolve) => setTimeout(resolve, 20));
  await ask('PUT', '/stages/remote', '{"replicas": 1}');
  expect(await ask('PUT', '/stages/remote', '{"replicas": 1}')).toMatchObject({ status: 200 });
});

test.each([
  ['a fraction', '{"replicas": 1.5}'],
  ['too many', '{"replicas": 65}'],
  ['fewer than none', '{"replicas": -1}'],
  ['text', '{"replicas": "2"}'],
  ['another field', '{"replicas": 2, "force": true}'],
  ['no JSON', 'two'],
  ['a very long body', JSON.stringify({ replicas: 2, padding: 'x'.repeat(5_000) })],
])('%s is no number of replicas', async (_what, body) => {
  const answer = await ask('PUT', '/stages/remote', body);
  expect(answer).toMatchObject({ status: 422, type: 'application/problem+json; charset=utf-8' });
  expect(answer.body).toMatchObject({ status: 422, type: 'urn:sluice:problem:invalid-replicas' });
  expect((await supervisor.view('remote')).replicas).toBe(1);
});

test('says what else is wrong', async () => {
  expect(await ask('GET', '/stages/unknown')).toMatchObject({ status: 404 });
  expect(await ask('GET', '/')).toMatchObject({ status: 404 });
  expect(await ask('PUT', '/stages/unknown', '{"replicas": 1}')).toMatchObject({ status: 404 });
  expect(await ask('PUT', '/stages/api', '{"replicas": 2}')).toMatchObject({ status: 409 });
  expect(await ask('DELETE', '/stages/remote')).toMatchObject({ status: 405 });
  expect(await ask('PUT', '/stages/remote', '{"replicas": 1}', 'text/plain')).toMatchObject({ status: 415 });
});

test('answers only to who asks by a loopback name', async () => {
  const status = await new Promise((resolve) => {
    request(`${server.url}/stages`, { headers: { host: 'evil.example' } }, (response) =>
      resolve(response.statusCode),
    ).end();
  });
  expect(status).toBe(403);
});

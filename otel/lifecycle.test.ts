import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { assertNode } from './lifecycle.ts';

const FIXTURE = new URL('../test/telemetry/fixtures/service.ts', import.meta.url).pathname;
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

function run(...args: string[]) {
  const child = spawn(process.execPath, [FIXTURE, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const closed = once(child, 'close') as Promise<[number | null]>;
  const lines = () =>
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    child,
    lines,
    stderr: () => stderr,
    exitCode: async () => (await closed)[0],
    /** The log line with this message, once it is there. */
    async line(message: string): Promise<Record<string, unknown>> {
      for (;;) {
        const found = lines().find(({ msg }) => msg === message);
        if (found) return found;
        if (child.exitCode !== null) throw new Error(`ended without "${message}": ${stdout}${stderr}`);
        await sleep(10);
      }
    },
  };
}

describe.concurrent('a service', { timeout: 20_000 }, () => {
  test('serves its probes from the start, and stops with 0 on SIGTERM', async () => {
    const role = run('run');
    const { adminPort } = await role.line('role is starting');
    await role.line('role is running');
    const ready = await fetch(`http://127.0.0.1:${String(adminPort)}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: 'unavailable', reason: 'no partitions yet' },
    ]);
    const live = await fetch(`http://127.0.0.1:${String(adminPort)}/livez`);
    expect(await live.json()).toEqual({ status: 'unavailable', reason: 'no heartbeat' });
    const metrics = await fetch(`http://127.0.0.1:${String(adminPort)}/metrics`);
    expect(await metrics.text()).toContain('process_memory_usage ');
    role.child.kill('SIGTERM');
    expect(await role.exitCode()).toBe(0);
    expect(role.lines().at(-1)).toMatchObject({ level: 'info', msg: 'role has stopped' });
  });

  test('is alive but not ready while it starts, and gives up starting on SIGINT', async () => {
    const role = run('waiting-start');
    const { adminPort } = await role.line('role is starting');
    const ready = await fetch(`http://127.0.0.1:${String(adminPort)}/readyz`);
    expect(await ready.json()).toEqual({ status: 'unavailable', reason: 'waiting: the broker is away' });
    expect((await fetch(`http://127.0.0.1:${String(adminPort)}/livez`)).status).toBe(200);
    role.child.kill('SIGINT');
    expect(await role.exitCode()).toBe(0);
  });

  test('is not ready from the signal on, while it finishes its work', async () => {
    const role = run('slow-stop');
    const { adminPort } = await role.line('role is starting');
    await role.line('role is running');
    role.child.kill('SIGTERM');
    await role.line('role is stopping');
    const ready = await fetch(`http://127.0.0.1:${String(adminPort)}/readyz`);
    expect(await ready.json()).toEqual({ status: 'unavailable', reason: 'stopping' });
    expect(await role.exitCode()).toBe(0);
  });

  test('takes a signal that arrives twice at once, and one of another kind, as one', async () => {
    const role = run('slow-stop');
    await role.line('role is running');
    role.child.kill('SIGINT');
    await role.line('role is stopping');
    role.child.kill('SIGINT');
    await sleep(600);
    role.child.kill('SIGTERM');
    expect(await role.exitCode()).toBe(0);
  });

  test('ends at once, with 1, on a second signal', async () => {
    const role = run('slow-stop');
    await role.line('role is running');
    role.child.kill('SIGTERM');
    await role.line('role is stopping');
    await sleep(600);
    role.child.kill('SIGTERM');
    expect(await role.exitCode()).toBe(1);
  });

  test.each([
    ['hanging-stop', 'role did not stop within 300 ms'],
    ['failing-stop', 'still in work'],
  ])('ends with 1 when stopping does not work: %s', async (behaviour, message) => {
    const role = run(behaviour);
    await role.line('role is running');
    role.child.kill('SIGTERM');
    expect(await role.exitCode()).toBe(1);
    expect(role.lines().at(-1)).toMatchObject({ level: 'fatal', msg: message });
  });

  test.each([
    ['failing-start', 'no broker'],
    ['rejection', 'nobody handles this'],
    ['exception', 'nobody catches this'],
    ['fatal', 'the consumer is dead'],
  ])('ends with 1 and a fatal line on %s', async (behaviour, message) => {
    const role = run(behaviour);
    expect(await role.exitCode()).toBe(1);
    expect(role.lines().at(-1)).toMatchObject({ level: 'fatal', msg: message, err: { message } });
  });

  test.each(['config-error', 'late-config-error'])(
    'ends with 2 and only the message on a %s',
    async (behaviour) => {
      const role = run(behaviour);
      expect(await role.exitCode()).toBe(2);
      expect(role.stderr()).toBe('The configuration has 2 mistake(s):\n  A\n  B\n');
    },
  );

  test('names an admin port that is in use', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as AddressInfo;
    const role = run('run', String(port));
    expect(await role.exitCode()).toBe(1);
    expect(role.lines().at(-1)?.['msg']).toBe(
      `Port ${port} is in use: stop what listens there, or choose another port.`,
    );
    blocker.close();
  });
});

test('an old Node is refused with a way out', () => {
  expect(() => assertNode('26.10.0')).not.toThrow();
  expect(() => assertNode('24.1.0')).toThrow(/needs Node 26 or newer, but this is 24\.1\.0.*npm start/);
});

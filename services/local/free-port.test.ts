import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PortAllocator, PortInUseError } from './free-port.ts';

const server = createServer();
let taken: number;
beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  taken = (server.address() as AddressInfo).port;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

test('gives the preferred port when it is free, and another one when it is not', async () => {
  const ports = new PortAllocator();
  const free = await ports.any();
  await ports.release(free);
  expect(await ports.take({ name: 'API_PORT', preferred: free })).toBe(free);
  expect(await ports.take({ name: 'API_PORT', preferred: taken })).not.toBe(taken);
});

test('names the port that was asked for and is taken', async () => {
  const wanted = new PortAllocator().take({ name: 'API_PORT', explicit: taken });
  await expect(wanted).rejects.toThrow(PortInUseError);
  await expect(wanted).rejects.toThrow(`API_PORT=${taken}`);
});

test('never gives a port twice, also to callers at the same time', async () => {
  const ports = new PortAllocator();
  const given = await Promise.all(Array.from({ length: 20 }, () => ports.any()));
  expect(new Set(given).size).toBe(20);
});

test('a port that was reserved is given only to who asks for it by number', async () => {
  const one = new PortAllocator();
  const port = await one.any();
  const other = new PortAllocator();
  expect(await other.take({ name: 'API_PORT', preferred: port })).not.toBe(port);
  expect(await other.take({ name: 'API_PORT', explicit: port })).toBe(port);
  await one.releaseAll();
  expect(await new PortAllocator().take({ name: 'API_PORT', preferred: port })).toBe(port);
});

test('treats 0 as no wish', async () => {
  expect(await new PortAllocator().take({ name: 'API_PORT', explicit: 0 })).toBeGreaterThan(0);
});

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { KubeClient } from '../../operator/kube/kube-api.ts';
import { loadKubeConfig } from '../../operator/kube/load-config.ts';

/** By undici, for each connection that it has made. */
const CONNECTED = 'undici:client:connected';

let client: KubeClient;
const sockets: TLSSocket[] = [];
const onConnected = (message: unknown): void =>
  void sockets.push((message as { readonly socket: TLSSocket }).socket);

beforeEach(() => {
  subscribe(CONNECTED, onConnected);
  client = new KubeClient(loadKubeConfig(inject('KUBECONFIG')));
});
afterEach(async () => {
  unsubscribe(CONNECTED, onConnected);
  await client.close();
  sockets.length = 0;
});

test('the API server offers HTTP/2 and is spoken to in HTTP/1.1', async () => {
  await client.request({ method: 'GET', path: '/api/v1/namespaces' });
  expect(sockets.map(({ alpnProtocol }) => alpnProtocol)).toEqual(['http/1.1']);
});

test('requests one after another share connections', async () => {
  for (let n = 0; n < 20; n++) await client.request({ method: 'GET', path: '/version' });
  expect(sockets.length).toBeLessThanOrEqual(2);
});

test('however many requests wait, connections are no more than twice those in flight', async () => {
  const requests = Array.from({ length: 50 }, () => client.request({ method: 'GET', path: '/version' }));
  await Promise.all(requests);
  expect(sockets.length).toBeLessThanOrEqual(16);
});

import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogger } from '../../otel/logger.ts';
import { answer, FakeApiServer } from './fake-api-server.fixture.ts';
import { KubeClient } from './kube-api.ts';
import { SupervisedInformer } from './supervised-informer.ts';

const PATH = '/apis/apps/v1/deployments';
const log = createLogger('test', { level: 'silent' });

let server: FakeApiServer;
let client: KubeClient;
let informer: SupervisedInformer<string>;
let names: string[];
let version: number;
let watches: ServerResponse[];
let changed: string[];

beforeEach(async () => {
  server = await new FakeApiServer().start();
  client = new KubeClient(server.config);
  names = ['a'];
  version = 10;
  watches = [];
  changed = [];
  server.handler = serve;
  open();
});
afterEach(async () => {
  await informer.stop();
  await client.close();
  server.stop();
});

function open(options: { readonly idleMs?: number; readonly optional?: boolean } = {}): void {
  const keep = ({ metadata }: { metadata: { name: string } }): string => metadata.name;
  informer = new SupervisedInformer({ api: client, path: PATH, keep, log, random: () => 0, ...options });
  informer.onChange((key) => void changed.push(key));
}

const serve: FakeApiServer['handler'] = (_request, response, url) => {
  if (url.searchParams.get('watch') !== 'true') {
    const items = names.map((name) => ({ metadata: { name, resourceVersion: String(version) } }));
    return answer(response, { metadata: { resourceVersion: String(version) }, items });
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  watches.push(response);
};

function send(type: string, object: object): void {
  watches.at(-1)!.write(`${JSON.stringify({ type, object })}\n`);
}

const object = (name: string) => ({ metadata: { name, resourceVersion: String(++version) } });
const lists = (): number => server.requests.filter((one) => !one.includes('watch=true')).length;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function started(): Promise<void> {
  informer.start();
  await until(() => watches.length === 1);
}

test('it lists, then follows', async () => {
  expect(informer.hasSynced()).toBe(false);
  await started();
  expect(informer.hasSynced()).toBe(true);
  send('ADDED', object('b'));
  send('DELETED', object('a'));
  await until(() => changed.length === 3);
  expect([...informer.all().keys()]).toEqual(['b']);
  expect(changed).toEqual(['a', 'b', 'a']);
});

test('a first list that fails is repeated until it does not', async () => {
  let failures = 2;
  server.handler = (request, response, url) =>
    failures-- > 0 ? answer(response, {}, 503) : serve(request, response, url);
  informer.start();
  await informer.whenSynced();
  expect(informer.get('a')).toBe('a');
});

test('after 410 it lists anew, and sees what was deleted meanwhile', async () => {
  await started();
  names = ['c'];
  send('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' });
  await until(() => watches.length === 2);
  expect([...informer.all().keys()]).toEqual(['c']);
  expect(changed).toEqual(['a', 'a', 'c']);
});

test('a watch that is refused with 410 makes it list anew too', async () => {
  let refused = false;
  server.handler = (request, response, url) => {
    if (url.searchParams.get('watch') !== 'true' || refused) return serve(request, response, url);
    refused = true;
    answer(response, { reason: 'Expired', message: 'too old' }, 410);
  };
  await started();
  expect(lists()).toBe(2);
});

test('a connection that breaks is opened again from where it was, without a new list', async () => {
  await started();
  send('MODIFIED', object('a'));
  await until(() => changed.length === 2);
  watches[0]!.destroy();
  await until(() => watches.length === 2);
  expect(lists()).toBe(1);
  expect(server.requests.at(-1)).toContain('resourceVersion=11');
});

test('a bookmark moves on from where it is watched again', async () => {
  await started();
  send('BOOKMARK', { metadata: { resourceVersion: '99' } });
  watches[0]!.end();
  await until(() => watches.length === 2);
  expect(server.requests.at(-1)).toContain('resourceVersion=99');
  expect(changed).toEqual(['a']);
});

test('a server that says nothing is not believed to be there', async () => {
  open({ idleMs: 100 });
  await started();
  await until(() => informer.brokenMs() === 0);
  await until(() => watches.length === 2);
  server.handler = () => {};
  await until(() => informer.brokenMs() > 100);
  server.handler = serve;
  await until(() => informer.brokenMs() === 0);
  expect(informer.get('a')).toBe('a');
});

test('half an event at the end of a piece is put together with its other half', async () => {
  await started();
  const line = `${JSON.stringify({ type: 'ADDED', object: object('ü') })}\n`;
  const bytes = Buffer.from(line);
  const middle = bytes.indexOf('ü') + 1;
  watches[0]!.write(bytes.subarray(0, middle));
  await new Promise((resolve) => setTimeout(resolve, 20));
  watches[0]!.write(bytes.subarray(middle));
  await until(() => changed.length === 2);
  expect(informer.get('ü')).toBe('ü');
});

test('a resource that need not exist, and does not, has no objects', async () => {
  open({ optional: true });
  server.handler = (_request, response) => answer(response, { message: 'not found' }, 404);
  informer.start();
  await informer.whenSynced();
  expect(informer.all().size).toBe(0);
  expect(informer.brokenMs()).toBe(0);
});

test('lists come in pages', async () => {
  server.handler = (request, response, url) => {
    if (url.searchParams.get('watch') === 'true') return serve(request, response, url);
    const second = url.searchParams.get('continue') === 'more';
    const items = [{ metadata: { name: second ? 'b' : 'a' } }];
    answer(response, { metadata: { resourceVersion: '10', ...(!second && { continue: 'more' }) }, items });
  };
  await started();
  expect([...informer.all().keys()]).toEqual(['a', 'b']);
});

import { afterAll, beforeAll, describe, inject } from 'vitest';
import { describeInstall } from './suite/install.ts';
import { describeLoad } from './suite/load.ts';
import type { Suite } from './suite/suite.ts';
import { openSuite } from './suite/suite.ts';

// One release for all parts, in this order: each begins where the one before has left it.
let opened: Suite | undefined;
const suite = (): Suite => {
  if (!opened) throw new Error('There is no release: its installation has failed.');
  return opened;
};

beforeAll(async () => {
  const open = await openSuite(inject('WORKLOAD_CLUSTER'));
  open.report.tell('install.txt', await open.release.install());
  opened = open;
});
afterAll(async () => {
  await opened?.watch.close();
  await opened?.release.uninstall();
});

describe('helm install', () => {
  describeInstall(suite);
});
describe('load', () => {
  describeLoad(suite);
});

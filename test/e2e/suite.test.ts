import { afterAll, beforeAll, describe, inject } from 'vitest';
import { describeEnd } from './suite/end.ts';
import { describeFaults } from './suite/faults.ts';
import { describeInstall } from './suite/install.ts';
import { describeDuel, describeSmoke } from './suite/load.ts';
import { describeMissing } from './suite/missing.ts';
import { describeOneTrace } from './suite/one-trace.ts';
import { describeScaledDown, describeScaling } from './suite/scaling.ts';
import type { Suite } from './suite/suite.ts';
import { closeSuite, openSuite } from './suite/suite.ts';
import { describeUpgrade } from './suite/upgrade.ts';

// One release for all parts, in this order: each begins where the one before has left it.
let opening: Promise<Suite> | undefined;
let opened: Suite | undefined;
const suite = (): Suite => {
  if (!opened) throw new Error('There is no release: its installation has failed.');
  return opened;
};

beforeAll(async () => {
  opening = openSuite(inject('WORKLOAD_CLUSTER'));
  const open = await opening;
  open.report.tell('install.txt', await open.release.install());
  opened = open;
});
afterAll(async () => {
  const left = await opening?.catch(() => undefined);
  if (left) await closeSuite(left);
});

describe('helm install', () => {
  describeInstall(suite);
});
describe('one trace', () => {
  describeOneTrace(suite);
});
describe('load', () => {
  describeSmoke(suite);
});
describe('scaling', () => {
  describeScaling(suite);
});
describe('what is missing', () => {
  describeMissing(suite);
});
describe('scaling, some time later', () => {
  describeScaledDown(suite);
});
describe('faults', () => {
  describeFaults(suite);
});
describe('upgrade', () => {
  describeUpgrade(suite);
});
describe('the same load on both shapes', () => {
  describeDuel(suite);
});
describe('the end', () => {
  describeEnd(suite);
});

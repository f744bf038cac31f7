import { expect, test } from 'vitest';
import type { RemoteOutcome } from '../../runtime/remote-client.ts';
import { createCircuit } from './circuit.ts';

const OUTCOMES = {
  answered: { kind: 'answered', statusCode: 500, body: null, calls: 1 },
  full: { kind: 'refused', message: '', calls: 1, notNow: { calls: 1, retryAfterMs: undefined } },
  away: { kind: 'refused', message: '', calls: 1 },
  unknown: { kind: 'unknown', message: '', calls: 1 },
} as const satisfies Record<string, RemoteOutcome>;

test.each([
  ['answered', 0],
  ['full', 0],
  ['away', 2],
  ['unknown', 2],
] as const)('after many calls that were %s its state is %i', async (name, state) => {
  const circuit = createCircuit();
  for (let call = 0; call < 40 && circuit.state() === 0; call++)
    expect(await circuit.call(() => Promise.resolve(OUTCOMES[name]))).toBe(OUTCOMES[name]);
  expect(circuit.state()).toBe(state);
});

import { expect, test } from 'vitest';
import { ConfigError } from '../config.ts';
import { parseSimulatorConfig } from './config.ts';
import type { SettingsError } from './settings.ts';
import { DEFAULT_SETTINGS, changeSettings } from './settings.ts';

function mistakes(change: unknown): string[] {
  try {
    changeSettings(DEFAULT_SETTINGS, change);
    return [];
  } catch (error) {
    return (error as SettingsError).mistakes.map(({ field }) => field).sort();
  }
}

test('a change keeps what it does not name', () => {
  const changed = changeSettings(DEFAULT_SETTINGS, { meanMs: 3 });
  expect(changed).toEqual({ ...DEFAULT_SETTINGS, meanMs: 3 });
});

test('all mistakes are named at once', () => {
  const change = { meanMs: -1, overflow: 'drop', declineRate: 2, latency: 4 };
  expect(mistakes(change)).toEqual(['declineRate', 'latency', 'meanMs', 'overflow']);
});

test('rates may not exceed 1 together, and a change must be an object', () => {
  expect(mistakes({ errorBeforeRate: 0.6, hangAfterRate: 0.5 })).toEqual(['errorBeforeRate']);
  expect(mistakes([])).toEqual(['']);
});

test('the environment sets what the remote is like at the start', () => {
  const config = parseSimulatorConfig({
    SIMULATOR_LATENCY_MS: '12.5',
    SIMULATOR_OVERFLOW: 'refuse',
    SEED: '9',
  });
  expect(config.settings).toMatchObject({ meanMs: 12.5, overflow: 'refuse', seed: 9 });
  expect(config.port).toBe(8090);
});

test('a bad environment is refused with every variable named', () => {
  const env = { SIMULATOR_PORT: 'x', SIMULATOR_LATENCY_MS: 'fast', SIMULATOR_HANG_AFTER_RATE: '7' };
  const parse = () => parseSimulatorConfig(env);
  expect(parse).toThrow(ConfigError);
  for (const name of Object.keys(env)) expect(parse).toThrow(name);
});

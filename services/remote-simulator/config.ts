import { z } from 'zod';
import { ConfigError, adminConfig, logConfig, parseConfig } from '../config.ts';
import type { Settings } from './settings.ts';
import { DEFAULT_SETTINGS, SettingsError, changeSettings } from './settings.ts';

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port')
  .transform(Number)
  .pipe(z.number().max(65_535));

const serverConfig = {
  SIMULATOR_HOST: z.string().default('127.0.0.1'),
  SIMULATOR_PORT: port.default(8090),
  /** Where the ledger is kept; without it the ledger ends with the process. */
  LEDGER_FILE: z.string().optional(),
};

/** The variable of each setting: what the remote system is like at the start. */
const VARIABLES = {
  SIMULATOR_LATENCY_DISTRIBUTION: 'distribution',
  SIMULATOR_LATENCY_MS: 'meanMs',
  SIMULATOR_LATENCY_SD_MS: 'sdMs',
  SIMULATOR_JITTER_MS: 'jitterMs',
  SIMULATOR_CAPACITY: 'capacity',
  SIMULATOR_OVERFLOW: 'overflow',
  SIMULATOR_QUEUE_MAX: 'queueMax',
  SIMULATOR_RETRY_AFTER_SECONDS: 'retryAfterSeconds',
  SIMULATOR_ERROR_BEFORE_RATE: 'errorBeforeRate',
  SIMULATOR_ERROR_AFTER_RATE: 'errorAfterRate',
  SIMULATOR_DECLINE_RATE: 'declineRate',
  SIMULATOR_HANG_BEFORE_RATE: 'hangBeforeRate',
  SIMULATOR_HANG_AFTER_RATE: 'hangAfterRate',
  SEED: 'seed',
} as const satisfies Record<string, keyof Settings>;

const TEXTS = new Set<string>(['distribution', 'overflow']);

type Env = Readonly<Record<string, string | undefined>>;

export interface SimulatorConfig {
  readonly host: string;
  readonly port: number;
  readonly ledgerFile: string | undefined;
  readonly adminHost: string;
  readonly adminPort: number;
  readonly logLevel: z.infer<typeof logConfig.LOG_LEVEL>;
  readonly settings: Settings;
}

/** @throws ConfigError that lists every mistake, those of the server and those of the settings */
export function parseSimulatorConfig(env: Env): SimulatorConfig {
  const [server, serverMistakes] = attempt(() =>
    parseConfig({ ...serverConfig, ...adminConfig, ...logConfig }, env),
  );
  const [settings, settingsMistakes] = attempt(() => settingsFrom(env));
  if (!server || !settings)
    throw new ConfigError([serverMistakes, settingsMistakes].filter((text) => text !== '').join('\n'));
  return {
    host: server.SIMULATOR_HOST,
    port: server.SIMULATOR_PORT,
    ledgerFile: server.LEDGER_FILE,
    adminHost: server.ADMIN_HOST,
    adminPort: server.ADMIN_PORT,
    logLevel: server.LOG_LEVEL,
    settings,
  };
}

function attempt<Value>(parse: () => Value): [Value, ''] | [undefined, string] {
  try {
    return [parse(), ''];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [undefined, error.message];
  }
}

function settingsFrom(env: Env): Settings {
  const change: Record<string, unknown> = {};
  for (const [variable, field] of Object.entries(VARIABLES)) {
    const text = env[variable];
    if (text === undefined || text === '') continue;
    const number = Number(text);
    change[field] = TEXTS.has(field) || Number.isNaN(number) ? text : number;
  }
  try {
    return changeSettings(DEFAULT_SETTINGS, change);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const lines = error.mistakes.map(({ field, message }) => {
      const variable = Object.entries(VARIABLES).find(([, name]) => name === field)?.[0] ?? field;
      return `  ${variable} is ${JSON.stringify(env[variable] ?? '')}: ${message}`;
    });
    throw new ConfigError(`The simulator's settings have ${lines.length} mistake(s):\n${lines.join('\n')}`);
  }
}

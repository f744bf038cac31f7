import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { CommanderError } from 'commander';
import { z } from 'zod';
import type { Service, ServiceContext } from '../otel/lifecycle.ts';
import { runService } from '../otel/lifecycle.ts';
import { createLogger } from '../otel/logger.ts';
import { createMetrics } from '../otel/metrics.ts';
import { ConfigError } from './config/config-error.ts';
import type { OperatorConfig } from './config/operator-config.ts';
import { configOfBrokers, parseOperatorConfig } from './config/operator-config.ts';
import { missingSecrets } from './config/secrets.ts';
import type { OperatorOptions } from './options.ts';
import { parseOptions } from './options.ts';

const NAME = 'sluice-operator';

const environment = z.object({
  KAFKA_BROKERS: z.string().default('127.0.0.1:9092'),
  ADMIN_HOST: z.string().default('127.0.0.1'),
  ADMIN_PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port')
    .transform(Number)
    .default(0),
  POD_NAME: z.string().default(hostname()),
  POD_NAMESPACE: z.string().optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

function parseEnvironment(): z.infer<typeof environment> {
  const given = Object.entries(process.env).filter(([, value]) => value !== undefined && value !== '');
  const parsed = environment.safeParse(Object.fromEntries(given));
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    'The environment',
    parsed.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`),
  );
}

async function loadConfig(file: string | undefined, brokers: string): Promise<OperatorConfig> {
  if (file === undefined) return configOfBrokers(brokers);
  const text = await readFile(file, 'utf8').catch(() => {
    throw new ConfigError(file, ['the file cannot be read']);
  });
  const config = parseOperatorConfig(text, file);
  const missing = await missingSecrets(config, process.env);
  if (missing.length > 0) throw new ConfigError(file, missing);
  return config;
}

/** What runs in Kubernetes loads its client, which is large, and only there. */
async function start(
  options: OperatorOptions,
  config: OperatorConfig,
  context: ServiceContext,
): Promise<Service> {
  if (options.scalers === undefined) return startController(options, config, context);
  const { scalers, supervisorUrl, statusPort, record } = options;
  const { runStandalone } = await import('./standalone/run-standalone.ts');
  const standalone = { config, env: process.env, scalersDir: scalers, supervisorUrl, statusPort, record };
  return runStandalone(standalone, context);
}

async function startController(
  { namespace, allNamespaces, kubeconfig, record, statusPort }: OperatorOptions,
  config: OperatorConfig,
  context: ServiceContext,
): Promise<Service> {
  const { runController } = await import('./controller/run-controller.ts');
  const { POD_NAME: identity, POD_NAMESPACE: ownNamespace } = parseEnvironment();
  const where = { namespace, allNamespaces, kubeconfig, ownNamespace };
  return runController({ config, env: process.env, identity, record, statusPort, ...where }, context);
}

try {
  const options = parseOptions(process.argv.slice(2));
  await runService(() => {
    const env = parseEnvironment();
    return {
      name: NAME,
      admin: { host: env.ADMIN_HOST, port: env.ADMIN_PORT },
      log: createLogger(NAME, { level: env.LOG_LEVEL }),
      metrics: createMetrics(NAME),
      start: async (context) => start(options, await loadConfig(options.config, env.KAFKA_BROKERS), context),
    };
  });
} catch (error) {
  if (!(error instanceof CommanderError) && !(error instanceof ConfigError)) throw error;
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  process.exit(error instanceof ConfigError ? 2 : 0);
}

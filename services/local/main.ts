import { dirname, relative, resolve } from 'node:path';
import { CommanderError } from 'commander';
import { createLogger } from '../../otel/logger.ts';
import { createAdmin } from '../broker/kafkajs/admin.ts';
import { Registry } from '../transactions/registry.ts';
import { parseLocalConfig } from './config.ts';
import { runDemo } from './demo/demo.ts';
import { LockedError } from './lock.ts';
import { readScalers } from './operator/operator-client.ts';
import type { Scaling } from './operator/scalings.ts';
import { scalingLine, watchScalings } from './operator/scalings.ts';
import type { LocalOptions } from './options.ts';
import { parseOptions } from './options.ts';
import { createScreen } from './screen.ts';
import { Stack } from './stack.ts';
import { createSteps } from './steps.ts';
import type { Crash } from './supervisor/managed-process.ts';

/** What the user can mend, or must look up in a log: one message, no stack. */
const EXIT_CODES: Readonly<Record<string, number>> = {
  options: 2,
  config: 2,
  'port-in-use': 2,
  'kafka-unavailable': 2,
  'not-yet': 2,
  'postgres-unavailable': 2,
  'not-ready': 1,
  locked: 1,
};
const EXIT_INTERRUPTED = 130;
/** Ctrl-C reaches us from the terminal and from npm, within a few ms: that is one. */
const SAME_SIGNAL_MS = 1_000;
const DEMO_ACCOUNTS = 1_000;

const screen = createScreen(process.stdout);
process.exitCode = await main(process.argv.slice(2)).catch(report);
// Whatever still holds the event loop (a keep-alive socket, a pool) has nothing left to do.
process.exit();

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  const parsed = parseLocalConfig(process.env);
  const config = options.types === undefined ? parsed : { ...parsed, types: options.types };
  const registry = Registry.parse(config.types.split(','));
  const interrupt = onInterrupt();
  const log = createLogger('sluice-local', { level: 'silent' });
  const stack = new Stack({
    config,
    env: process.env,
    replicas: options.replicas,
    operator: options.operator,
    record: options.record === undefined ? undefined : resolve(options.record),
    remoteLatencyMs: options.remoteLatencyMs,
    accounts: DEMO_ACCOUNTS,
    fresh: options.fresh,
    steps: createSteps(screen),
    createAdmin: (brokers) =>
      createAdmin({
        brokers,
        security: config.security,
        clientId: 'sluice-local',
        log,
        retry: { retries: 3 },
      }),
    onCrash: (crash) => screen.say(crashLines(crash)),
    signal: interrupt.signal,
  });
  await stack.start();
  try {
    return await serve({ stack, options, registry, topicPrefix: config.topicPrefix, interrupt });
  } finally {
    screen.settle();
    screen.say('Stopping.');
    await stack.stop();
  }
}

interface Serving {
  readonly stack: Stack;
  readonly options: LocalOptions;
  readonly registry: Registry;
  readonly topicPrefix: string;
  readonly interrupt: Interrupt;
}

async function serve({ stack, options, registry, topicPrefix, interrupt }: Serving): Promise<number> {
  screen.say(urls(stack));
  const { signal } = interrupt;
  const demo = {
    stack,
    options,
    registry,
    topicPrefix,
    accounts: DEMO_ACCOUNTS,
    screen,
    signal,
    cwd: process.cwd(),
  };
  const watching = watch(stack, signal);
  const exitCode = options.demo ? await runDemo({ ...demo, scalings: watching.seen }) : 0;
  if (options.once) return exitCode;
  screen.say(tryNext(stack));
  await interrupt.happened;
  return 0;
}

/** Says what the operator changes, for as long as everything runs. */
function watch({ endpoints }: Stack, signal: AbortSignal): { readonly seen: readonly Scaling[] } {
  const seen: Scaling[] = [];
  const { operatorUrl } = endpoints;
  if (operatorUrl === undefined) return { seen };
  const onScaling = (scaling: Scaling) => {
    seen.push(scaling);
    screen.say(scalingLine(scaling));
  };
  void watchScalings({ read: () => readScalers(operatorUrl), onScaling, signal });
  return { seen };
}

interface Interrupt {
  readonly signal: AbortSignal;
  readonly happened: Promise<void>;
}

/** The first signal stops in order; another one, a second or more later, ends this process at once. */
function onInterrupt(): Interrupt {
  const controller = new AbortController();
  let firstMs: number | undefined;
  const happened = new Promise<void>((resolve) => {
    const onSignal = () => {
      firstMs ??= performance.now();
      if (performance.now() - firstMs > SAME_SIGNAL_MS) process.exit(EXIT_INTERRUPTED);
      controller.abort();
      resolve();
    };
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
    // The reader of our output has gone (a pipe into head): there is nobody left to show anything to.
    process.stdout.on('error', onSignal);
  });
  return { signal: controller.signal, happened };
}

function report(error: unknown): number {
  screen.settle();
  if (error instanceof CommanderError) return 0;
  if (!(error instanceof Error)) throw error;
  if (error.name === 'AbortError') return EXIT_INTERRUPTED;
  const code = 'code' in error ? EXIT_CODES[String(error.code)] : undefined;
  const plain = error instanceof LockedError ? alreadyRunning(error) : error.message;
  process.stderr.write(`${code === undefined ? (error.stack ?? error.message) : plain}\n`);
  return code ?? 1;
}

function alreadyRunning({ holder, path }: LockedError): string {
  return (
    `Sluice is already running here: process ${holder.pid} holds ${dirname(path)}. ` +
    'Stop that one first (Ctrl-C), or set SLUICE_DATA_DIR to run another one beside it.'
  );
}

function crashLines({ name, code, signal, restartInMs, lastLines }: Crash): string {
  const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
  const next = restartInMs === undefined ? 'not started again' : `starting again in ${restartInMs / 1_000} s`;
  const lines = lastLines.slice(-3).map((text) => `    | ${text.slice(0, 300)}`);
  return [`  ${name} ${how}; ${next}.`, ...lines].join('\n');
}

function urls(stack: Stack): string {
  const { apiUrl, supervisorUrl, operatorUrl, remoteUrl, databaseUrl, brokers } = stack.endpoints;
  const operator = operatorUrl
    ? `\n  operator     ${operatorUrl}/scalers   (what it has last decided, and from what)`
    : '';
  return `
  API          ${apiUrl}
  try it       ${apiUrl}/docs
  supervisor   ${supervisorUrl}/stages   (processes, and the port of each one's /metrics)${operator}
  remote       ${remoteUrl}   (the simulated slow system)
  Kafka        ${brokers.join(',')}
  Postgres     ${withoutPassword(databaseUrl)}   (password: ${near(stack.data.envFile)})
  logs         ${near(stack.data.path)}/logs
`;
}

/** A path as it is typed from here, when it lies below. */
function near(path: string): string {
  const here = relative('', path);
  return here.startsWith('..') ? path : here;
}

function withoutPassword(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.password = '';
  return url.href;
}

function tryNext(stack: Stack): string {
  const { apiUrl, supervisorUrl } = stack.endpoints;
  const payment = `{"type":"payment","payload":{"debtor":"ACC-000001","creditor":"ACC-000002","amount":1250,"currency":"EUR"}}`;
  return `Everything stays up until Ctrl-C. In another terminal:

  curl -i -H 'content-type: application/json' -d '${payment}' ${apiUrl}/v1/transactions
  npx sluice lag
  npx sluice verify${stack.endpoints.operatorUrl ? '\n  npx sluice explain remote' : ''}
  curl -X PUT -H 'content-type: application/json' -d '{"replicas":2}' ${supervisorUrl}/stages/remote
`;
}

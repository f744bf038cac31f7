import type { Service, ServiceContext } from '../../otel/lifecycle.ts';
import type { Metrics } from '../../otel/metrics.ts';
import type { DeclaredScaler } from '../api/parse.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import type { Env } from '../config/secrets.ts';
import { countCalls } from '../loop/loop-metrics.ts';
import { createOperatorLoop } from '../loop/operator-loop.ts';
import type { ManagedScaler } from '../loop/ports.ts';
import { createRecorder } from '../loop/recording.ts';
import { openStatusServer } from '../loop/status-server.ts';
import { createHttpTarget } from '../targets/http-target.ts';
import { loadScalers } from './load-scalers.ts';

export interface StandaloneOptions {
  readonly config: OperatorConfig;
  readonly env: Env;
  /** Holds StageScalers as YAML. */
  readonly scalersDir: string;
  /** Of the supervisor that has the stages. */
  readonly supervisorUrl: string;
  /** Of `GET /scalers` on 127.0.0.1; 0: any free one. */
  readonly statusPort: number;
  /** File for a recording of all observations. */
  readonly record: string | undefined;
}

export interface Standalone extends Service {
  readonly statusUrl: string;
}

/** The operator without Kubernetes. @throws ConfigError when the scalers are not right */
export async function runStandalone(
  options: StandaloneOptions,
  { log, metrics }: Pick<ServiceContext, 'log' | 'metrics'>,
): Promise<Standalone> {
  const { config, env, scalersDir, supervisorUrl, statusPort, record } = options;
  const declared = await loadScalers(scalersDir, Object.keys(config.kafka));
  const managed = declared.map((scaler) => manage(scaler, supervisorUrl, metrics));
  const recorder =
    record === undefined
      ? undefined
      : createRecorder(record, (error) => log.error({ err: error }, 'the recording has failed'));
  const { loop, board, stop } = createOperatorLoop({
    config,
    env,
    scalers: { list: () => managed },
    sinks: recorder ? [recorder] : [],
    // There is no other: the files say what is scaled, and this process has read them.
    fence: () => true,
    metrics,
    log,
  });
  const status = await openStatusServer(board, statusPort);
  log.info({ statusUrl: status.url, scalers: managed.length }, 'scalers are loaded');
  loop.start();
  return {
    statusUrl: status.url,
    ready: () => loop.hasTicked() || 'the first look has not ended',
    live: () => loop.live(),
    stop: async () => {
      await stop();
      status.close();
      await recorder?.close();
    },
  };
}

function manage(
  { spec, lag, target, dryRun, paused }: DeclaredScaler,
  baseUrl: string,
  metrics: Metrics,
): ManagedScaler {
  return {
    spec,
    lag,
    target: countCalls(createHttpTarget({ baseUrl, name: target.name }), metrics),
    mode: paused ? 'paused' : dryRun ? 'dry-run' : 'active',
  };
}

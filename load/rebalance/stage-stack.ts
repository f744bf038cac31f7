import { createLogger } from '../../otel/logger.ts';
import { createAdmin } from '../../services/broker/kafkajs/admin.ts';
import { parseLocalConfig } from '../../services/local/config.ts';
import { createScreen } from '../../services/local/screen.ts';
import { Stack } from '../../services/local/stack.ts';
import { createSteps } from '../../services/local/steps.ts';
import { createTemporaryDirectory } from '../lib/temporary-directory.ts';

export interface StageStackOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly partitions: number;
  readonly latencyMs: number;
  readonly accounts: number;
  readonly signal: AbortSignal;
  readonly onCrash: (message: string) => void;
}

/** Kafka, Postgres and all services, for changes of the replicas by hand, in a directory that goes with them. */
export async function startStageStack(
  options: StageStackOptions,
): Promise<{ readonly stack: Stack; close(): Promise<void> }> {
  const { partitions, latencyMs, accounts, signal, onCrash } = options;
  const directory = await createTemporaryDirectory('rebalance');
  const env = {
    LOG_LEVEL: 'warn',
    ...options.env,
    SLUICE_PARTITIONS: String(partitions),
    SLUICE_DATA_DIR: directory.path,
  };
  const log = createLogger('bench', { level: 'silent' });
  const stack = new Stack({
    config: parseLocalConfig(env),
    env,
    replicas: {},
    remoteLatencyMs: latencyMs,
    accounts,
    fresh: false,
    steps: createSteps(createScreen(process.stdout)),
    createAdmin: (brokers) => createAdmin({ brokers, clientId: 'sluice-bench', log }),
    onCrash: ({ name, code, lastLines }) => onCrash(`${name} ended with ${code}: ${lastLines.join('\n')}`),
    signal,
  });
  const close = async (): Promise<void> => {
    await stack.stop();
    await stack.remove();
    await directory.remove();
  };
  try {
    await stack.start();
  } catch (error) {
    await close();
    throw error;
  }
  return { stack, close };
}

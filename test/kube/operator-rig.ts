import { createLogger } from '../../otel/logger.ts';
import { createMetrics } from '../../otel/metrics.ts';
import { configOfBrokers } from '../../operator/config/operator-config.ts';
import type { ControllerOptions, RunningController } from '../../operator/controller/run-controller.ts';
import { runController } from '../../operator/controller/run-controller.ts';

export interface OperatorUnderTest extends RunningController {
  /** As Prometheus would read it. */
  readonly metrics: ReturnType<typeof createMetrics>;
}

const NOWHERE = '127.0.0.1:1';
const TICK_SECONDS = 0.5;

/** The operator in this process, looking twice a second. */
export async function startOperator(
  options: Pick<ControllerOptions, 'kubeconfig' | 'namespace'> & Partial<ControllerOptions>,
): Promise<OperatorUnderTest> {
  const log = createLogger('operator', { level: process.env['TEST_LOG'] === '1' ? 'debug' : 'silent' });
  const metrics = createMetrics('operator');
  const config = { ...configOfBrokers(NOWHERE), tickSeconds: TICK_SECONDS };
  const running = await runController(
    { config, env: {}, ownNamespace: options.namespace, identity: 'test', ...options },
    { log, metrics, signal: new AbortController().signal },
  );
  return { ...running, metrics };
}

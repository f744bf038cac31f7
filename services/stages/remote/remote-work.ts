import type { Metrics } from '../../../otel/metrics.ts';
import type { remoteConfig } from '../../config.ts';
import type { parseConfig } from '../../config.ts';
import { LoadMeter } from '../../runtime/load-meter.ts';
import { createRemoteClient } from '../../runtime/remote-client.ts';
import type { StageStore } from '../../store/port.ts';
import type { Registry } from '../../transactions/registry.ts';
import type { StageWork } from '../stage-work.ts';
import { createCircuit } from './circuit.ts';
import { createRemoteStep } from './remote-step.ts';

export interface RemoteWorkOptions {
  readonly settings: ReturnType<typeof parseConfig<typeof remoteConfig>>;
  readonly registry: Registry;
  readonly store: Pick<StageStore, 'progress'>;
  readonly metrics: Metrics;
}

/** The remote stage with its HTTP client, circuit breaker and metrics. */
export function createRemoteWork({ settings, registry, store, metrics }: RemoteWorkOptions): StageWork {
  const calls = metrics.counter('sluice.remote.calls');
  const duration = metrics.histogram('sluice.remote.call.duration');
  const concurrency = settings.REMOTE_CONCURRENCY;
  const client = createRemoteClient({
    url: settings.REMOTE_URL,
    timeoutMs: settings.REMOTE_TIMEOUT_MS,
    quickAttempts: settings.REMOTE_QUICK_ATTEMPTS,
    concurrency,
    onCall: (outcome, seconds) => {
      calls.add(1, { outcome });
      duration.record(seconds, { outcome });
    },
  });
  const circuit = createCircuit();
  metrics.gauge('sluice.remote.circuit.state', () => circuit.state());
  const load = new LoadMeter(concurrency);
  const policy = {
    maxAttempts: settings.REMOTE_MAX_ATTEMPTS,
    backoffMs: settings.REMOTE_BACKOFF_MS,
    backoffMaxMs: settings.REMOTE_BACKOFF_MAX_MS,
    refusedMaxMs: settings.REMOTE_REFUSED_MAX_MS,
    random: Math.random,
  };
  const step = createRemoteStep({ registry, store, client, circuit, policy, concurrency, load });
  return { step, load, close: () => client.close() };
}

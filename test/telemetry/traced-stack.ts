import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../otel/logger.ts';
import { createAdmin } from '../../services/broker/kafkajs/admin.ts';
import { PORT_NAMES, parseLocalConfig } from '../../services/local/config.ts';
import { PortAllocator } from '../../services/local/free-port.ts';
import { Stack } from '../../services/local/stack.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { kafkaBrokers } from '../fixtures/services-under-test.ts';
import type { ProcessView } from '../../services/local/supervisor/supervisor.ts';

export interface TracedStack {
  readonly apiUrl: string;
  /** Every service process, with the port of its /metrics. */
  services(): Promise<ProcessView[]>;
  stop(): Promise<void>;
}

/** Every service on a database and topics of its own, sending its spans to `otlpEndpoint`. */
export async function startTracedStack(otlpEndpoint: string): Promise<TracedStack> {
  const database = await createTestDatabase('telemetry');
  const env = {
    ...process.env,
    ...(await freePorts()),
    DATABASE_URL: database.url,
    KAFKA_BROKERS: kafkaBrokers().join(','),
    SLUICE_DATA_DIR: join(tmpdir(), `sluice-telemetry-${process.pid}`),
    SLUICE_TOPIC_PREFIX: `telemetry-${process.pid}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint,
    OTEL_BSP_SCHEDULE_DELAY: '200',
  };
  const log = createLogger('telemetry-test', { level: 'silent' });
  const stack = new Stack({
    config: parseLocalConfig(env),
    env,
    replicas: {},
    remoteLatencyMs: 20,
    accounts: 10,
    fresh: true,
    steps: { run: (_title, work) => work(() => {}) },
    createAdmin: (brokers) =>
      createAdmin({ brokers, clientId: 'telemetry-test', log, retry: { retries: 3 } }),
  });
  await stack.start();
  return {
    apiUrl: stack.endpoints.apiUrl,
    services: async () => (await stack.supervisor.list()).flatMap(({ processes }) => processes),
    stop: async () => {
      await stack.stop();
      await database.drop();
      await rm(env.SLUICE_DATA_DIR, { recursive: true, force: true });
    },
  };
}

/** Named, so that two stacks that start at the same moment do not both choose the usual ones. */
async function freePorts(): Promise<Record<string, string>> {
  const allocator = new PortAllocator();
  const ports: Record<string, string> = {};
  for (const name of PORT_NAMES) ports[name] = String(await allocator.any());
  return ports;
}

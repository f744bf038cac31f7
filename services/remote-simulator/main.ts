import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service, ServiceContext } from '../../otel/lifecycle.ts';
import { runService } from '../../otel/lifecycle.ts';
import { createLogger } from '../../otel/logger.ts';
import { createMetrics } from '../../otel/metrics.ts';
import type { SimulatorConfig } from './config.ts';
import { parseSimulatorConfig } from './config.ts';
import { NO_JOURNAL, openJournal } from './journal.ts';
import { Ledger } from './ledger.ts';
import { createSimulatorServer } from './server.ts';
import { Simulator } from './simulator.ts';

const NAME = 'remote-simulator';
/** Hung calls never end: whoever still waits after this is cut off. */
const DRAIN_MS = 2_000;

await runService(() => {
  const config = parseSimulatorConfig(process.env);
  const { adminHost: host, adminPort: port } = config;
  return {
    name: NAME,
    admin: { host, port },
    log: createLogger(NAME, { level: config.logLevel }),
    metrics: createMetrics(NAME),
    start: (context) => start(config, context),
  };
});

async function start(config: SimulatorConfig, { log, metrics, fatal }: ServiceContext): Promise<Service> {
  const ledger = new Ledger();
  const journal = config.ledgerFile === undefined ? NO_JOURNAL : await openJournal(config.ledgerFile, ledger);
  const simulator = new Simulator({ ledger, journal, settings: config.settings });
  const calls = metrics.counter('sluice.simulator.calls');
  metrics.gauge('sluice.simulator.in_flight', () => simulator.summary().inFlight);
  const server = createSimulatorServer({
    simulator,
    onAnswer: (outcome) => calls.add(1, { outcome }),
    onFatal: fatal,
  });
  server.listen({ port: config.port, host: config.host, backlog: 4_096 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  log.info({ host: config.host, port, entries: ledger.size, settings: config.settings }, 'listening');
  return {
    ready: () => true,
    live: () => true,
    stop: async (deadlineMs) => {
      await drain(server, simulator, Math.min(DRAIN_MS, deadlineMs));
      await journal.close();
    },
  };
}

async function drain(server: Server, simulator: Simulator, timeoutMs: number): Promise<void> {
  server.close();
  const end = performance.now() + timeoutMs;
  while (simulator.summary().inFlight > 0 && performance.now() < end) await sleep(20);
  server.closeAllConnections();
}

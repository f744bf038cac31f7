import { readFile } from 'node:fs/promises';
import { runService } from '../../otel/lifecycle.ts';
import { createLogger } from '../../otel/logger.ts';
import { createMetrics } from '../../otel/metrics.ts';
import { configOfBrokers } from '../../operator/config/operator-config.ts';
import { runController } from '../../operator/controller/run-controller.ts';
import type { LagSource } from '../../operator/loop/ports.ts';
import type { Load } from './scripted-lag.ts';
import { ScriptedLag } from './scripted-lag.ts';

/**
 * The operator as a process of its own, with a lag that a file tells: an object of loads by scaler. Arguments:
 * identity, kubeconfig, namespace, file.
 */
const [identity = '', kubeconfig = '', namespace = '', file = ''] = process.argv.slice(2);

const scripted = new ScriptedLag();
const lag: LagSource = {
  read: async (requests) => {
    const loads = JSON.parse(await readFile(file, 'utf8')) as Record<string, Load>;
    for (const [key, load] of Object.entries(loads)) scripted.set(key, load);
    return scripted.read(requests);
  },
  close: () => scripted.close(),
};

await runService({
  name: identity,
  admin: { host: '127.0.0.1', port: 0 },
  log: createLogger(identity),
  metrics: createMetrics(identity),
  start: (context) => {
    const config = { ...configOfBrokers('127.0.0.1:1'), tickSeconds: 0.5 };
    const own = { namespace, ownNamespace: namespace, identity };
    return runController({ config, env: {}, kubeconfig, lag, ...own }, context);
  },
});

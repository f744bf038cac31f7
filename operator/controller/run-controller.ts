import { randomBytes } from 'node:crypto';
import type { Service, ServiceContext } from '../../otel/lifecycle.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import type { Env } from '../config/secrets.ts';
import { EventRecorder } from '../kube/event-recorder.ts';
import { KubeClient } from '../kube/kube-api.ts';
import { LeaderElector } from '../kube/leader-elector.ts';
import { createLeaseLock } from '../kube/lease-lock.ts';
import { loadKubeConfig, namespaceOf } from '../kube/load-config.ts';
import type { Board } from '../loop/board.ts';
import type { OperatorLoop } from '../loop/operator-loop.ts';
import { createOperatorLoop } from '../loop/operator-loop.ts';
import type { LagSource } from '../loop/ports.ts';
import { createRecorder } from '../loop/recording.ts';
import type { StatusServer } from '../loop/status-server.ts';
import { openStatusServer } from '../loop/status-server.ts';
import { ClusterState } from './cluster-state.ts';
import { Controller } from './controller.ts';
import type { Runnable } from './manager.ts';
import { Manager } from './manager.ts';
import { createKubeMetrics } from './kube-metrics.ts';
import { stateFromStatus } from './learned-state.ts';
import { StageScalerReconciler } from './stage-scaler-reconciler.ts';
import { Targets } from './targets.ts';
import { WorkQueue } from './work-queue.ts';

export interface ControllerOptions {
  readonly config: OperatorConfig;
  /** Where secrets are that the configuration names by variable. */
  readonly env: Env;
  /** Path; undefined: `KUBECONFIG`, `~/.kube/config` or the service account of the pod. */
  readonly kubeconfig?: string | undefined;
  /** Whose StageScalers are looked after; undefined: the operator's own. */
  readonly namespace?: string | undefined;
  /** Instead of one namespace. Needs a ClusterRole. */
  readonly allNamespaces?: boolean;
  /** The operator's own, where its Lease is; undefined: the one it looks after, or that of the kubeconfig. */
  readonly ownNamespace?: string | undefined;
  /** Default sluice-operator. */
  readonly leaseName?: string;
  /** Of this process, for people: the name of the pod. */
  readonly identity: string;
  /** Default: Kafka, by the configuration. */
  readonly lag?: LagSource;
  /** File for a recording of all observations. */
  readonly record?: string | undefined;
  /** Of `GET /scalers` on loopback, for `sluice explain`; 0: any free one; undefined: none. */
  readonly statusPort?: number | undefined;
}

export interface RunningController extends Omit<Service, 'stop'> {
  readonly operator: OperatorLoop;
  isLeader(): boolean;
  /** Gives the lead back, so that another replica takes over at once. */
  stop(): Promise<void>;
}

const WORKERS = 4;

/**
 * The operator in Kubernetes: follows the cluster, stands for election, and runs the loop. Every replica of it looks
 * and decides; only the leader writes. Resolves when the cluster has been read once, however long that takes.
 */
export async function runController(
  options: ControllerOptions,
  { log, metrics, signal }: Pick<ServiceContext, 'log' | 'metrics' | 'signal'>,
): Promise<RunningController> {
  const { config, env, identity, allNamespaces = false } = options;
  const kubeConfig = loadKubeConfig(options.kubeconfig);
  // One that is started by hand for a namespace stands for election there, against the one that runs in it.
  const ownNamespace = options.ownNamespace ?? options.namespace ?? namespaceOf(kubeConfig);
  const namespace = allNamespaces ? undefined : (options.namespace ?? ownNamespace);
  const kube = createKubeMetrics(metrics);
  const api = new KubeClient(kubeConfig, kube.onCall);
  const connections = new Set(Object.keys(config.kafka));
  const cluster = new ClusterState({ api, namespace, connections, log });
  const queue = new WorkQueue();
  const leader = createElector();
  const targets = new Targets({ api, cluster, writeWithinMs: () => leader.writeWithinMs() });
  const events = new EventRecorder({ api, identity, fence: () => leader.isLeader(), log });
  const reconciler = new StageScalerReconciler({ api, cluster, targets, queue, events, leader });
  const controller = new Controller({
    queue,
    reconcile: (key) => reconciler.reconcile(key),
    workers: WORKERS,
    log,
  });
  kube.observe({ isLeader: () => leader.isLeader(), waiting: () => queue.length });
  const closing = { name: 'client', start: () => {}, stop: () => api.close() };
  const inform = {
    name: 'informers',
    start: async () => {
      cluster.start();
      await Promise.race([cluster.whenSynced(), aborted(signal)]);
    },
    stop: () => cluster.stop(),
  };
  const reading = new Manager([closing, inform]);
  log.info({ namespace: namespace ?? 'all', ownNamespace }, 'reading the cluster');
  await reading.start();
  const recorder =
    options.record === undefined
      ? undefined
      : createRecorder(options.record, (error) => log.error({ err: error }, 'the recording has failed'));
  const operator = createOperatorLoop({
    config,
    env,
    scalers: reconciler,
    sinks: recorder ? [reconciler, recorder] : [reconciler],
    fence: () => leader.isLeader(),
    metrics,
    log,
    ...(options.lag && { lag: options.lag }),
    state: stateFromStatus(cluster.declarations.all().values()),
  });
  const acting = new Manager([
    { name: 'recording', start: () => {}, stop: () => recorder?.close() },
    statusRunnable(operator.board, options.statusPort),
    // Stopped last: what the others still write, they write as the leader.
    { name: 'election', start: () => leader.start(), stop: () => leader.stop() },
    { name: 'events', start: () => {}, stop: () => events.flush() },
    { name: 'controller', start: () => controller.start(), stop: () => controller.stop() },
    { name: 'loop', start: () => operator.loop.start(), stop: () => operator.stop() },
  ]);
  await acting.start();
  return {
    operator,
    isLeader: () => leader.isLeader(),
    ready: () => operator.loop.hasTicked() || 'the first look has not ended',
    live: () => operator.loop.live(),
    stop: async () => {
      await acting.stop();
      await reading.stop();
    },
  };

  function createElector(): LeaderElector {
    const { leaseName = 'sluice-operator' } = options;
    return new LeaderElector({
      lock: createLeaseLock({ api, namespace: ownNamespace, name: leaseName }),
      // A container that was started anew is another one: it must not take its predecessor's lease for its own.
      identity: `${identity}_${randomBytes(4).toString('hex')}`,
      onChange: (leading, holder) => {
        log.info({ leading, holder }, leading ? 'this replica leads' : 'another replica leads, or none');
        reconciler.forgetWritten();
      },
      onError: (error) =>
        log.warn(
          { reason: error instanceof Error ? error.message : String(error) },
          'the Lease was not renewed',
        ),
    });
  }
}

function statusRunnable(board: Board, port: number | undefined): Runnable {
  let server: StatusServer | undefined;
  return {
    name: 'status server',
    start: async () => {
      if (port !== undefined) server = await openStatusServer(board, port);
    },
    stop: () => server?.close(),
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const give = (): void => reject(new Error('told to end before the cluster was read'));
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
  });
}

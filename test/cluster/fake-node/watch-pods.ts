import { setTimeout as sleep } from 'node:timers/promises';
import type { CoreV1Api, KubeConfig, V1Pod } from '@kubernetes/client-node';
import { Watch } from '@kubernetes/client-node';

export interface PodWatchOptions {
  readonly config: KubeConfig;
  readonly api: CoreV1Api;
  readonly namespace: string;
  /** Called with every pod that is there or has changed; may come twice. */
  readonly onPod: (pod: V1Pod) => void;
  /** Called with the pods that are there, each time they have been listed. */
  readonly onList: (pods: readonly V1Pod[]) => void;
  /** Called with a pod that is gone. */
  readonly onGone: (pod: V1Pod) => void;
  readonly signal: AbortSignal;
}

const RETRY_MS = 250;

/** Follows the pods of a namespace until aborted: lists again whenever the watch has ended, for whatever reason. */
export async function watchPods(options: PodWatchOptions): Promise<void> {
  const { api, namespace, onList, onPod, signal } = options;
  while (!signal.aborted) {
    try {
      const list = await api.listNamespacedPod({ namespace });
      onList(list.items);
      for (const pod of list.items) onPod(pod);
      await watchFrom(list.metadata?.resourceVersion ?? '', options);
    } catch {
      // The API server is away, or has refused: the next list tells.
    }
    await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
  }
}

async function watchFrom(resourceVersion: string, options: PodWatchOptions): Promise<void> {
  const { config, namespace, onPod, onGone, signal } = options;
  const ended = Promise.withResolvers<void>();
  const onEvent = (phase: string, pod: V1Pod) => {
    if (phase === 'ADDED' || phase === 'MODIFIED') onPod(pod);
    else if (phase === 'DELETED') onGone(pod);
    // Told in the stream, as of a version that is no longer kept.
    else if (phase === 'ERROR') ended.resolve();
  };
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const watching = await new Watch(config).watch(path, { resourceVersion }, onEvent, () => ended.resolve());
  const stop = () => ended.resolve();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  await ended.promise;
  signal.removeEventListener('abort', stop);
  watching.abort();
}

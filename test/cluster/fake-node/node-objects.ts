import type { V1Lease, V1Node, V1Pod, V1PodStatus } from '@kubernetes/client-node';
import { V1MicroTime } from '@kubernetes/client-node';

/** What a kubelet would report of a node that is well and has room for every pod. */
export function readyNode(name: string, now: Date): V1Node {
  const amounts = { cpu: '1000', memory: '4Ti', pods: '10000' };
  const condition = { type: 'Ready', status: 'True', reason: 'FakeNode', message: 'nothing runs here' };
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    status: {
      capacity: amounts,
      allocatable: amounts,
      conditions: [{ ...condition, lastHeartbeatTime: now, lastTransitionTime: now }],
    },
  };
}

/** By renewing it a kubelet says that it lives; without, the node's pods become unready after 50 s. */
export function nodeLease(name: string, now: Date): V1Lease {
  return {
    metadata: { name, namespace: 'kube-node-lease' },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: new V1MicroTime(now.getTime()) },
  };
}

/** What a kubelet would report of a pod whose containers have all started and answer their probes. */
export function readyStatus(pod: V1Pod, podIP: string, now: Date): V1PodStatus {
  const types = ['PodReadyToStartContainers', 'Initialized', 'ContainersReady', 'Ready', 'PodScheduled'];
  return {
    phase: 'Running',
    startTime: now,
    podIP,
    podIPs: [{ ip: podIP }],
    conditions: types.map((type) => ({ type, status: 'True', lastTransitionTime: now })),
    containerStatuses: (pod.spec?.containers ?? []).map(({ name, image = '' }) => ({
      name,
      image,
      imageID: `fake://${image}`,
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: now } },
    })),
  };
}

export function isReady(pod: V1Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** A pod that runs a script in Node, as restricted as pods can be. */
export interface ScriptPod {
  readonly name: string;
  /** Reference of an image with Node. */
  readonly image: string;
  /** CommonJS. */
  readonly script: string;
  /** Bytes, as Kubernetes writes them. */
  readonly memory?: string;
  /** Name of a claim that is mounted at /data. */
  readonly claim?: string;
  readonly serviceAccountName?: string;
  /** Port of which `GET /` says whether it is ready. */
  readonly port?: number;
}

/** The specification of such a pod, for a pod itself or for what makes pods. */
export function scriptPodSpec(pod: ScriptPod): Record<string, unknown> {
  const { image, script, memory = '128Mi', claim, serviceAccountName, port } = pod;
  const container = {
    name: 'main',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['node', '-e', script],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory } },
    ...(port === undefined
      ? {}
      : {
          ports: [{ containerPort: port }],
          readinessProbe: { httpGet: { path: '/', port }, periodSeconds: 1 },
        }),
    ...(claim === undefined ? {} : { volumeMounts: [{ name: 'data', mountPath: '/data' }] }),
  };
  return {
    terminationGracePeriodSeconds: 2,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(serviceAccountName === undefined ? { automountServiceAccountToken: false } : { serviceAccountName }),
    containers: [container],
    ...(claim === undefined
      ? {}
      : { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim } }] }),
  };
}

/** A pod that runs its script once. */
export function scriptPod(pod: ScriptPod): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: pod.name, labels: { app: pod.name } },
    spec: { ...scriptPodSpec(pod), restartPolicy: 'Never' },
  };
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { MAX_AGE_SECONDS, PARTITIONS } from './traces.ts';

export const WORKER = 'worker';

const pod = (app: string, spec: object): object => ({
  selector: { matchLabels: { app } },
  template: {
    metadata: { labels: { app } },
    spec: { enableServiceLinks: false, automountServiceAccountToken: false, ...spec },
  },
});

const container = (name: string, image: string, variables: Readonly<Record<string, string>>): object => ({
  name,
  image,
  imagePullPolicy: 'IfNotPresent',
  env: Object.entries(variables).map(([key, value]) => ({ name: key, value })),
});

/** One replica of the worker, with what it is told in its environment. */
export function workerDeployment(image: string, variables: Readonly<Record<string, string>>) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment' as const,
    metadata: { name: WORKER },
    spec: { replicas: 1, ...pod(WORKER, { containers: [container(WORKER, image, variables)] }) },
  };
}

export function stageScaler(group: string, topic: string) {
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'StageScaler' as const,
    metadata: { name: WORKER },
    spec: {
      scaleTargetRef: { name: WORKER },
      kafka: { consumerGroup: group, topics: [topic], offsetReset: 'earliest' },
      objective: { maxAgeSeconds: MAX_AGE_SECONDS },
      minReplicas: 1,
      maxReplicas: PARTITIONS,
    },
  };
}

/** The objects of kafka.yaml, with another image. */
export async function kafkaObjects(image: string): Promise<readonly KafkaObject[]> {
  const text = await readFile(join(import.meta.dirname, 'kafka.yaml'), 'utf8');
  const documents = parseAllDocuments(text.replace(/image: \S+/, `image: ${image}`));
  return documents.map((document) => document.toJS() as KafkaObject);
}

export interface KafkaObject {
  readonly kind: 'Service' | 'Deployment';
}

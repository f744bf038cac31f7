import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CHART, template } from './helm.ts';

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const schema = JSON.parse(await readFile(join(CHART, 'values.schema.json'), 'utf8')) as Schema;
const values = parse(await readFile(join(CHART, 'values.yaml'), 'utf8')) as Record<string, unknown>;

function resolved(node: Schema): Schema {
  const name = node.$ref?.split('/').at(-1);
  return name === undefined ? node : resolved(schema.definitions?.[name] ?? {});
}

/** Paths of values that the schema does not list, and of listed ones that have no default. */
function differences(node: Schema, value: unknown, path: string): string[] {
  const { properties } = resolved(node);
  if (!properties) return [];
  const given = (value ?? {}) as Record<string, unknown>;
  return [...new Set([...Object.keys(properties), ...Object.keys(given)])].flatMap((key) => {
    const here = `${path}.${key}`;
    if (!(key in properties)) return [`${here} is not in the schema`];
    return key in given ? differences(properties[key]!, given[key], here) : [`${here} has no default`];
  });
}

describe('the schema', () => {
  test('is closed: every object names its keys, or is a map of something', () => {
    const open: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const { properties, additionalProperties, required } = node as Schema;
      // What Kubernetes itself checks has required fields at the most.
      if (properties && additionalProperties !== false && !required) open.push(path);
      for (const [key, inner] of Object.entries(node)) walk(inner, `${path}.${key}`);
    };
    walk(schema, '');
    expect(open).toEqual([]);
  });

  test('and values.yaml list the same keys', () => {
    // What a component or a stage may set again, it need not.
    const inherited = (line: string) =>
      /^\.(api|relay|operator|remoteSimulator|stageDefaults|stages\.\w+)\..* has no default$/.test(line) ||
      /^\.(resources|.*\.resources)\.(requests|limits|claims) has no default$/.test(line) ||
      line.endsWith('.claims has no default') ||
      line === '.global has no default';
    expect(differences(schema, values, '').filter((line) => !inherited(line))).toEqual([]);
  });
});

describe('a mistake is named by its key', () => {
  test.each([
    ['an unknown key', 'api.replica=2', '/api', 'replica'],
    ['an unknown stage', 'stages.enrich.replicas=2', '/stages', 'enrich'],
    ['a key deep inside', 'stages.remote.scaler.maxReplica=2', '/stages/remote/scaler', 'maxReplica'],
    ['an unknown component', 'apy.replicas=2', "''", 'apy'],
    ['a wrong type', 'pipeline.partitions=many', '/pipeline/partitions', 'want integer'],
    [
      'a number out of bounds',
      'stageDefaults.scaler.maxAgeSeconds=0',
      '/stageDefaults/scaler/maxAgeSeconds',
      'minimum',
    ],
    [
      'a word that is none of the choices',
      'stageDefaults.scaler.profile=fast',
      '/stageDefaults/scaler/profile',
      'cost',
    ],
    ['a broker without a port', 'external.kafka.brokers={kafka}', '/external/kafka/brokers/0', 'pattern'],
    ['a digest that is none', 'image.digest=latest', '/image/digest', 'pattern'],
    ['an order that is none', 'pipeline.types.payment=both', '/pipeline/types/payment', 'chained'],
    ['an SLO between two buckets', 'metrics.rules.sloSeconds=7', '/metrics/rules/sloSeconds', '30'],
  ])('%s', async (_what, set, path, hint) => {
    const { code, stderr } = await template({ set: [set] });
    expect(code).not.toBe(0);
    expect(stderr).toContain(path);
    expect(stderr).toContain(hint);
  });
});

describe('what cannot work together is named by its keys', () => {
  test.each([
    [['kafka.enabled=false'], ['external.kafka.brokers is empty']],
    [['external.kafka.brokers={k:9092}'], ['kafka.enabled and external.kafka.brokers are both set']],
    [['postgres.enabled=false'], ['external.postgres.url.secret is empty']],
    [['external.postgres.url.secret=db'], ['postgres.enabled and external.postgres.url.secret are both set']],
    [
      ['postgres.auth.existingSecret=db', 'postgres.auth.password=x'],
      ['postgres.auth.password and postgres.auth.existingSecret'],
    ],
    [
      ['external.kafka.tls.enabled=true'],
      ['external.kafka.tls and external.kafka.sasl are for your own brokers'],
    ],
    [
      ['kafka.enabled=false', 'external.kafka.brokers={k:9092}', 'external.kafka.sasl.mechanism=plain'],
      ['external.kafka.sasl.username', 'external.kafka.sasl.password.secret'],
    ],
    [
      ['kafka.enabled=false', 'external.kafka.brokers={k:9092}', 'external.kafka.sasl.username=me'],
      ['external.kafka.sasl.mechanism is empty'],
    ],
    [
      ['kafka.enabled=false', 'external.kafka.brokers={k:9092}', 'external.kafka.tls.ca.secret=ca'],
      ['external.kafka.tls.enabled is false'],
    ],
    [
      ['postgres.enabled=false', 'external.postgres.url.secret=db', 'external.postgres.tls.ca.secret=ca'],
      ['external.postgres.tls.mode is empty'],
    ],
    [['remote.url=http://bank'], ['remoteSimulator.enabled and remote.url are both set']],
    [['remoteSimulator.enabled=false'], ['remote.url is empty']],
    [['jaeger.enabled=true', 'tracing.endpoint=http://x:4318'], ['jaeger.enabled and tracing.endpoint']],
    [['collector.enabled=true'], ['collector.enabled is true, but it has nowhere to send to']],
    [
      ['metrics.podMonitor.enabled=true', 'metrics.serviceMonitor.enabled=true'],
      ['metrics.podMonitor.enabled and metrics.serviceMonitor.enabled'],
    ],
    [['pipeline.types.payment=null'], ['pipeline.types is empty']],
    [['operator.readTimeoutSeconds=2'], ['operator.readTimeoutSeconds must be below operator.tickSeconds']],
    [['operator.extraConnections.default.brokers={k:9092}'], ['operator.extraConnections.default']],
    [
      ['stages.remote.scaler.minReplicas=30'],
      ['stages.remote.scaler.minReplicas (30) is above stages.remote.scaler.maxReplicas (24)'],
    ],
    [['stages.persist.scaler.fallback.replicas=9'], ['stages.persist.scaler.fallback.replicas (9)']],
    [
      ['stages.remote.scaler.maxReplicas=25'],
      ['stages.remote.scaler.maxReplicas (25) is above pipeline.partitions (24)'],
    ],
  ])('%s', async (set, messages) => {
    const { code, stderr } = await template({ set });
    expect(code).not.toBe(0);
    for (const message of messages) expect(stderr).toContain(message);
  });

  test('all of them at once', async () => {
    const { stderr } = await template({ set: ['kafka.enabled=false', 'remote.url=http://bank'] });
    expect(stderr).toContain('external.kafka.brokers');
    expect(stderr).toContain('remote.url');
  });

  test('StageScalers without their definition', async () => {
    const { code, stderr } = await template({ known: false, set: ['crds.enabled=false'] });
    expect(code).not.toBe(0);
    expect(stderr).toContain('crds.enabled is false and the cluster does not know StageScaler');
  });
});

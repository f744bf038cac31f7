import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { eventually } from '../cluster/eventually.ts';
import { HelmRelease } from '../cluster/helm-release.ts';
import { Kubectl } from '../cluster/kubectl.ts';
import { endOf, submitPayment } from './client.ts';
import type { Suite } from './suite.ts';
import { NAMESPACE, makeNamespace, podsOf } from './suite.ts';

const SECRET = 'late-database';
const COMPONENTS = ['api', 'persist', 'relay', 'remote', 'validate'];
const PARTITIONS = 4;

/** A second release, whose servers are those of the first, under other names. */
function valuesOf(database: string): string[] {
  const host = (name: string): string => `sluice-${name}.${NAMESPACE}.svc`;
  return [
    'kafka.enabled=false',
    'postgres.enabled=false',
    'remoteSimulator.enabled=false',
    'jaeger.enabled=false',
    'load.enabled=false',
    'operator.enabled=false',
    'crds.enabled=false',
    'stageDefaults.scaler.enabled=false',
    `external.kafka.brokers={${host('kafka')}:9092}`,
    `external.postgres.url.secret=${SECRET}`,
    `remote.url=http://${host('remote-simulator')}:8090`,
    `pipeline.topicPrefix=${database}`,
    `pipeline.partitions=${PARTITIONS}`,
    'setup.timeoutSeconds=30',
    'relay.createTopics=false',
  ];
}
const WITHOUT_SETUP = ['setup.migrate=false', 'setup.topics=false'];

const readyz = z.object({ reason: z.string() });

/** URL of a database on the server of the first release. */
async function databaseUrl(kubectl: Kubectl, host: string, database: string): Promise<string> {
  const path = '--output=jsonpath={.data.password}';
  const encoded = await kubectl.run(['get', 'secret', 'sluice-postgres', path]);
  const password = Buffer.from(encoded, 'base64').toString();
  return `postgres://sluice:${password}@${host}:5432/${database}`;
}

/** What is not there yet is waited for, told, and found when it comes. */
export function describeMissing(suite: () => Suite): void {
  const database = `late_${randomBytes(3).toString('hex')}`;
  let kubectl: Kubectl;
  let release: HelmRelease;

  beforeAll(async () => {
    const { place, release: first, kubectl: own } = suite();
    kubectl = new Kubectl({ ...own.options, namespace: `${NAMESPACE}-late` });
    await makeNamespace(kubectl);
    const { options } = first;
    release = new HelmRelease({
      ...options,
      namespace: kubectl.options.namespace,
      name: 'late',
      values: [place.imageValues],
      set: valuesOf(database),
    });
  });
  afterAll(async () => {
    await release?.uninstall();
    await kubectl?.run(['delete', 'namespace', kubectl.options.namespace, '--wait=false']);
  });

  const pods = async () => {
    const found = await podsOf(kubectl);
    return COMPONENTS.every((component) => found.some((pod) => pod.component === component)) && found;
  };

  test('a Secret: the pods wait for it, and the kubelet names it', async () => {
    await release.install(WITHOUT_SETUP, []);
    await eventually(
      'pods that wait',
      async () => {
        const found = await pods();
        return found && found.every(({ waitsFor }) => waitsFor === 'CreateContainerConfigError');
      },
      60_000,
    );
    const events = await kubectl.run(['get', 'events', '--field-selector=reason=Failed']);
    expect(events).toContain(`secret "${SECRET}" not found`);
  });

  test('a database and topics: every pod says so by its readiness and in its log, and none is restarted', async () => {
    const { kubectl: first, report } = suite();
    const uri = await databaseUrl(first, `sluice-postgres.${NAMESPACE}.svc`, database);
    await kubectl.run(['create', 'secret', 'generic', SECRET, `--from-literal=uri=${uri}`]);
    const running = await eventually(
      'pods that run',
      async () => {
        const found = await pods();
        return found && found.every(({ phase, waitsFor }) => phase === 'Running' && !waitsFor) && found;
      },
      120_000,
    );
    const said: string[] = [];
    for (const { name, component } of running) {
      const reason = await eventually(
        `the reason of ${name}`,
        async () => {
          const found = await reasonOf(name);
          return found?.includes(database) && found;
        },
        60_000,
      );
      said.push(`${component}: ${reason}`);
      expect(await kubectl.run(['logs', name])).toContain(database);
    }
    report.tell('waiting.txt', said.join('\n'));
    expect((await podsOf(kubectl)).filter(({ restarts, ready }) => restarts > 0 || ready)).toEqual([]);
  });

  test('a topic with too few partitions: helm upgrade stops before anything is changed, and says why', async () => {
    const { kubectl: first } = suite();
    const url = await databaseUrl(first, '127.0.0.1', 'sluice');
    const create = `create database ${database}`;
    await first.run(['exec', 'sluice-postgres-0', '--', 'psql', url, `--command=${create}`]);
    await release.upgrade(['pipeline.partitions=2']);
    const before = await podsOf(kubectl);
    expect(before.every(({ ready }) => ready)).toBe(true);
    const refused = release.upgrade().then(
      () => 'nothing',
      (error: unknown) => String(error),
    );
    const log = await eventually(
      'the log of the Job',
      async () => {
        const text = await kubectl.run(['logs', 'job/late-sluice-topics']).catch(() => '');
        return text.includes('too few') && text;
      },
      60_000,
    );
    suite().report.tell('too-few-partitions.txt', log);
    expect(log).toContain(`${database}.transactions.new has 2 of ${PARTITIONS}`);
    expect(await refused).toContain('pre-upgrade');
    expect((await podsOf(kubectl)).map(({ uid }) => uid).sort()).toEqual(before.map(({ uid }) => uid).sort());
  });

  test('when everything is there, a payment is done', async () => {
    const api = await kubectl.forward('service/late-sluice-api', 80);
    const id = await submitPayment(api.url);
    await expect(endOf(api.url, id, 30_000)).resolves.toMatch(/done|rejected/);
    api.stop();
  });

  /** Why a pod is not ready, as its probe is told; undefined: it does not answer yet. */
  async function reasonOf(pod: string): Promise<string | undefined> {
    const forward = await kubectl.forward(`pod/${pod}`, 9464);
    try {
      const response = await fetch(`${forward.url}/readyz`);
      return readyz.safeParse(await response.json()).data?.reason;
    } catch {
      return undefined;
    } finally {
      forward.stop();
    }
  }
}

import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStageScaler } from './parse.ts';
import { readCrd } from './read-crd.ts';
import { stageScaler, stageScalers } from './stage-scaler.fixture.ts';
import { CONDITION_TYPES, GROUP, KIND, PLURAL, VERSION } from './v1alpha1.ts';

interface Schema extends Record<string, unknown> {
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[];
}
interface Node extends Readonly<Record<string, Node | undefined>> {}

const crd = (await readCrd()) as unknown as {
  spec: {
    group: string;
    names: { kind: string; plural: string };
    versions: [{ name: string; schema: { openAPIV3Schema: Schema } }];
  };
};
const schema = crd.spec.versions[0].schema.openAPIV3Schema;

/** The rules of crd.yaml, in another language: a rule that is changed there must be changed here. */
const RULES: Readonly<Record<string, (self: Node) => boolean>> = {
  '!(self.metadata.name in self.spec.upstream)': (self) =>
    !(self['spec']!['upstream'] as unknown as readonly unknown[]).includes(self['metadata']!['name']),
  'self.minReplicas <= self.maxReplicas': (self) => self['minReplicas']! <= self['maxReplicas']!,
  '!has(self.fallback) || self.fallback.replicas <= self.maxReplicas': (self) =>
    !self['fallback'] || self['fallback']['replicas']! <= self['maxReplicas']!,
  // Holds for every object that is new.
  'self == oldSelf': () => true,
  "self.kind != 'Http'": (self) => (self['kind'] as unknown) !== 'Http',
  'self > 0': (self) => (self as unknown as number) > 0,
};

const ajv = new Ajv({ useDefaults: true, strict: false, validateFormats: false });
const hasValidShape = ajv.compile(standard(schema) as object);
// Rules see the object with its defaults.
const ruleAjv = new Ajv({ strict: false, validateFormats: false });
ruleAjv.addKeyword({
  keyword: 'x-kubernetes-validations',
  validate: (rules: readonly { rule: string }[], self: Node) => rules.every(({ rule }) => RULES[rule]!(self)),
});
const keepsRules = ruleAjv.compile(standard(schema) as object);
const accepts = (raw: object): boolean => {
  dropNulls(raw, schema);
  return hasValidShape(raw) && keepsRules(raw);
};

/** As the API server does before it fills in defaults. */
function dropNulls(value: unknown, node: Schema): void {
  if (typeof value !== 'object' || value === null) return;
  const fields = value as Record<string, unknown>;
  const required = (node['required'] ?? []) as readonly string[];
  for (const [name, child] of Object.entries((node['properties'] ?? {}) as Record<string, Schema>)) {
    if (fields[name] === null && !required.includes(name)) delete fields[name];
    dropNulls(fields[name], child);
  }
}

/** As the API server reads it: `exclusiveMinimum: true` and sets are older words for what JSON Schema has today. */
function standard(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(standard);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).map(([key, value]) => [key, standard(value)]);
  const copy = Object.fromEntries(entries) as Record<string, unknown>;
  if (copy['x-kubernetes-list-type'] === 'set') copy['uniqueItems'] = true;
  if (copy['exclusiveMinimum'] === true) {
    copy['exclusiveMinimum'] = copy['minimum'];
    delete copy['minimum'];
  }
  return copy;
}

/** All objects in the schema. */
function walk(node: unknown): Schema[] {
  if (typeof node !== 'object' || node === null) return [];
  return [node as Schema, ...Object.values(node).flatMap(walk)];
}

describe('crd.yaml and the parser', () => {
  test('accept and refuse the same, and fill in the same defaults', () => {
    const seen = { valid: 0, invalid: 0 };
    const check = (raw: Record<string, unknown>) => {
      const parsed = parseStageScaler(raw, 'cluster');
      const withDefaults = structuredClone(raw);
      const accepted = accepts(withDefaults);
      seen[parsed.kind]++;
      expect({ raw, accepted }).toEqual({ raw, accepted: parsed.kind === 'valid' });
      expect(accepted ? parseStageScaler(withDefaults, 'cluster') : parsed).toEqual(parsed);
    };
    fc.assert(fc.property(stageScalers, check), { numRuns: 2_000 });
    expect(Math.min(seen.valid, seen.invalid)).toBeGreaterThan(100);
  });

  test('the defaults are in crd.yaml, not only in the parser', () => {
    const given = stageScaler({});
    expect(accepts(given)).toBe(true);
    expect(given['spec']).toMatchObject({
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment' },
      kafka: { connection: 'default', offsetReset: 'latest' },
      minReplicas: 1,
      upstream: [],
      profile: 'balanced',
      idleSeconds: 300,
      dryRun: false,
    });
  });

  test('know the same rules', () => {
    const rules = walk(schema).flatMap((node) => node['x-kubernetes-validations'] ?? []);
    expect(rules.map(({ rule }) => rule).sort()).toEqual(Object.keys(RULES).sort());
  });

  test('know the same names', () => {
    expect(crd.spec).toMatchObject({
      group: GROUP,
      names: { kind: KIND, plural: PLURAL },
      versions: [{ name: VERSION }],
    });
    expect(new Set(CONDITION_TYPES).size).toBe(8);
  });
});

test.each([
  [{ minReplicas: 5, maxReplicas: 4 }, 'spec.minReplicas must not be above spec.maxReplicas'],
  [{ fallback: { replicas: 30 } }, 'spec.fallback.replicas must not be above spec.maxReplicas'],
  [{ upstream: ['self'] }, 'spec.upstream must not name this StageScaler itself'],
  [
    { objective: { maxAgeSeconds: 0 } },
    'spec.objective.maxAgeSeconds must be above 0: it is how long an event may wait',
  ],
])('%j is refused in the words of crd.yaml', (change, message) => {
  const raw = stageScaler({ spec: { ...(stageScaler({})['spec'] as object), ...change } });
  const parsed = parseStageScaler(raw, 'cluster');
  expect(parsed).toEqual({ kind: 'invalid', problems: [message] });
  const messages = walk(schema).flatMap((node) => node['x-kubernetes-validations'] ?? []);
  expect(messages.map((rule) => rule.message)).toContain(message);
});

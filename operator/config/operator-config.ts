import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { ConfigError } from './config-error.ts';

/** Where a secret lies. A file is read anew for every connection, so that it can be rotated. */
const secret = z.union(
  [z.strictObject({ file: z.string().min(1) }), z.strictObject({ env: z.string().min(1) })],
  {
    error: 'must be { file: path } or { env: NAME }: secrets do not stand in the configuration itself',
  },
);
export type SecretRef = z.infer<typeof secret>;

/** `host:port`, or `[address]:port` for IPv6. */
const broker = z.string().refine(
  (text) => {
    const match = /^(?:[^:\s[\]]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/.exec(text);
    return match !== null && Number(match[1]) <= 65_535;
  },
  { error: 'must be host:port' },
);

const tls = z.union([
  z.literal(true),
  z
    .strictObject({
      caFile: z.string().min(1).optional(),
      /** With its key: mTLS. */
      certFile: z.string().min(1).optional(),
      keyFile: z.string().min(1).optional(),
      keyPassphrase: secret.optional(),
      serverName: z.string().min(1).optional(),
    })
    .refine(({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined), {
      error: 'certFile and keyFile belong together',
    }),
]);
export type TlsConfig = z.infer<typeof tls>;

const password = { username: z.string().min(1), password: secret };
/** OAuth 2.0 client credentials (RFC 6749, 4.4). */
const clientCredentials = z.strictObject({
  tokenUrl: z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }),
  clientId: z.string().min(1),
  clientSecret: secret,
  scope: z.string().min(1).optional(),
});
const sasl = z.discriminatedUnion('mechanism', [
  z.strictObject({ mechanism: z.literal('plain'), ...password }),
  z.strictObject({ mechanism: z.literal('scram-sha-256'), ...password }),
  z.strictObject({ mechanism: z.literal('scram-sha-512'), ...password }),
  z.strictObject({ mechanism: z.literal('oauthbearer'), token: z.union([secret, clientCredentials]) }),
]);
export type SaslConfig = z.infer<typeof sasl>;

const connection = z.strictObject({
  brokers: z.array(broker).min(1),
  clientId: z.string().min(1).max(100).default('sluice-operator'),
  tls: tls.optional(),
  sasl: sasl.optional(),
});
export type ConnectionConfig = z.infer<typeof connection>;

const schema = z.strictObject({
  /** Kafka clusters by the names that StageScalers use. */
  kafka: z
    .record(z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be a lower-case name'), connection)
    .refine((connections) => Object.keys(connections).length > 0, { error: 'must name a connection' }),
  /** Seconds from one look to the next. */
  tickSeconds: z.number().min(0.5).max(60).default(2),
  /** Seconds that one read of Kafka, or of a target, may take; when it takes longer than a tick, the next one waits. */
  readTimeoutSeconds: z.number().min(0.1).max(30).default(1.8),
});
export type OperatorConfig = z.infer<typeof schema>;

/** @throws ConfigError that lists every mistake; `source` names the file in it */
export function parseOperatorConfig(text: string, source: string): OperatorConfig {
  let raw: unknown;
  try {
    raw = parseYaml(text);
  } catch (error) {
    throw new ConfigError(source, [error instanceof Error ? error.message : String(error)]);
  }
  const parsed = schema.safeParse(raw ?? {});
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    source,
    parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`),
  );
}

/** The configuration without a file: one connection, in the clear. @throws ConfigError */
export function configOfBrokers(brokers: string): OperatorConfig {
  const list = brokers.split(',').map((item) => item.trim());
  const parsed = schema.safeParse({ kafka: { default: { brokers: list } } });
  if (parsed.success) return parsed.data;
  throw new ConfigError('KAFKA_BROKERS', [`"${brokers}" must be host:port, comma separated`]);
}

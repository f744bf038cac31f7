import { accessSync, constants } from 'node:fs';
import { z } from 'zod';

/** What a client trusts and shows. Its files are named, not read: certificates and passwords may be rotated. */
export interface BrokerSecurity {
  readonly tls: TlsFiles | undefined;
  readonly sasl: SaslUser | undefined;
}

export interface TlsFiles {
  /** Undefined: the authorities that Node trusts. */
  readonly caFile: string | undefined;
  /** With its key: mTLS. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
}

export interface SaslUser {
  readonly mechanism: (typeof MECHANISMS)[number];
  readonly username: string;
  readonly password: { readonly text: string } | { readonly file: string };
}

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
const file = z.string().optional();

/** Variables of the connection to Kafka. None of them: in the clear, without a name. */
export const securityConfig = {
  KAFKA_TLS: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
  KAFKA_TLS_CA_FILE: file,
  KAFKA_TLS_CERT_FILE: file,
  KAFKA_TLS_KEY_FILE: file,
  KAFKA_SASL_MECHANISM: z
    .string()
    .transform((text) => text.toLowerCase())
    .pipe(z.enum(MECHANISMS, { error: `must be one of ${MECHANISMS.join(', ')}` }))
    .optional(),
  KAFKA_SASL_USERNAME: z.string().optional(),
  KAFKA_SASL_PASSWORD: z.string().optional(),
  /** Holds the password; a line break at its end does not belong to it. */
  KAFKA_SASL_PASSWORD_FILE: file,
};
export type SecuritySettings = Readonly<z.infer<z.ZodObject<typeof securityConfig>>>;

type Name = keyof typeof securityConfig;
type Given = Readonly<Partial<Record<string, string>>>;

/** A variable, and what is wrong with it. */
export interface Mistake {
  readonly name: Name;
  readonly message: string;
}

const FILES = [
  'KAFKA_TLS_CA_FILE',
  'KAFKA_TLS_CERT_FILE',
  'KAFKA_TLS_KEY_FILE',
  'KAFKA_SASL_PASSWORD_FILE',
] as const;

/** Mistakes that lie in a combination of variables, or in the files that they name. */
export function securityMistakes(given: Given, readable: (path: string) => boolean = isReadable): Mistake[] {
  const has = (name: Name): boolean => given[name] !== undefined;
  const useless = (names: readonly Name[], without: string): Mistake[] =>
    names.filter(has).map((name) => ({ name, message: `is of no use without ${without}` }));
  const needs = (name: Name, needed: Name): Mistake[] =>
    has(name) && !has(needed) ? [{ name: needed, message: `${name} needs it` }] : [];
  return [
    ...(given['KAFKA_TLS'] === 'true'
      ? [
          ...needs('KAFKA_TLS_CERT_FILE', 'KAFKA_TLS_KEY_FILE'),
          ...needs('KAFKA_TLS_KEY_FILE', 'KAFKA_TLS_CERT_FILE'),
        ]
      : useless(['KAFKA_TLS_CA_FILE', 'KAFKA_TLS_CERT_FILE', 'KAFKA_TLS_KEY_FILE'], 'KAFKA_TLS=true')),
    ...(has('KAFKA_SASL_MECHANISM')
      ? [...needs('KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME'), ...passwordMistakes(has)]
      : useless(
          ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD', 'KAFKA_SASL_PASSWORD_FILE'],
          'KAFKA_SASL_MECHANISM',
        )),
    ...FILES.filter((name) => has(name) && !readable(given[name]!)).map((name) => ({
      name,
      message: 'cannot be read',
    })),
  ];
}

function passwordMistakes(has: (name: Name) => boolean): Mistake[] {
  const [text, inFile] = [has('KAFKA_SASL_PASSWORD'), has('KAFKA_SASL_PASSWORD_FILE')];
  if (text !== inFile) return [];
  const message = text
    ? 'stands beside KAFKA_SASL_PASSWORD: set one of the two'
    : 'KAFKA_SASL_MECHANISM needs it, or KAFKA_SASL_PASSWORD';
  return [{ name: 'KAFKA_SASL_PASSWORD_FILE', message }];
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where the brokers are and how to connect to them, for the options of every client; of settings without mistakes. */
export function connectionOf(settings: SecuritySettings & { readonly KAFKA_BROKERS: readonly string[] }): {
  readonly brokers: readonly string[];
  readonly security: BrokerSecurity;
} {
  const { KAFKA_TLS_CA_FILE: caFile, KAFKA_TLS_CERT_FILE: certFile, KAFKA_TLS_KEY_FILE: keyFile } = settings;
  const tls = settings.KAFKA_TLS ? { caFile, certFile, keyFile } : undefined;
  return { brokers: settings.KAFKA_BROKERS, security: { tls, sasl: saslOf(settings) } };
}

function saslOf(settings: SecuritySettings): SaslUser | undefined {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_PASSWORD_FILE: passwordFile } = settings;
  if (mechanism === undefined) return undefined;
  const text = settings.KAFKA_SASL_PASSWORD ?? '';
  return {
    mechanism,
    username: settings.KAFKA_SASL_USERNAME ?? '',
    password: passwordFile === undefined ? { text } : { file: passwordFile },
  };
}

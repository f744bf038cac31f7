import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import type { SASLOptions } from 'kafkajs';
import { z } from 'zod';
import type { ConnectionConfig, OperatorConfig, SaslConfig, TlsConfig } from '../config/operator-config.ts';
import type { Env } from '../config/secrets.ts';
import { readSecret } from '../config/secrets.ts';
import type { Address, KafkaConnection, OpenSecurity } from './connection.ts';

/** The connections of the configuration, ready to be opened. */
export function toConnections({ kafka }: OperatorConfig, env: Env): KafkaConnection[] {
  return Object.entries(kafka).map(([name, connection]) => ({
    name,
    brokers: connection.brokers.map(toAddress),
    clientId: connection.clientId,
    security: securityOf(connection, env),
  }));
}

function toAddress(broker: string): Address {
  const colon = broker.lastIndexOf(':');
  return { host: broker.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(broker.slice(colon + 1)) };
}

function securityOf({ tls, sasl }: ConnectionConfig, env: Env): OpenSecurity {
  return async () => ({
    ssl: tls === undefined ? undefined : await openTls(tls, env),
    sasl: sasl && (await openSasl(sasl, env)),
  });
}

async function openTls(tls: TlsConfig, env: Env): Promise<ConnectionOptions> {
  if (tls === true) return {};
  const { caFile, certFile, keyFile, keyPassphrase, serverName } = tls;
  return {
    ...(caFile && { ca: await readFile(caFile) }),
    ...(certFile && { cert: await readFile(certFile) }),
    ...(keyFile && { key: await readFile(keyFile) }),
    ...(keyPassphrase && { passphrase: await readSecret(keyPassphrase, env) }),
    ...(serverName && { servername: serverName }),
  };
}

async function openSasl(sasl: SaslConfig, env: Env): Promise<SASLOptions> {
  if (sasl.mechanism === 'oauthbearer') {
    const { token } = sasl;
    // Asked again whenever the session has to be renewed.
    const oauthBearerProvider = async () => ({
      value: 'tokenUrl' in token ? await fetchToken(token, env) : await readSecret(token, env),
    });
    return { mechanism: 'oauthbearer', oauthBearerProvider };
  }
  const { mechanism, username } = sasl;
  const password = await readSecret(sasl.password, env);
  return { mechanism, username, password };
}

const TOKEN_TIMEOUT_MS = 5_000;
const tokenSchema = z.object({ access_token: z.string().min(1) });
type TokenRequest = Extract<Extract<SaslConfig, { mechanism: 'oauthbearer' }>['token'], { tokenUrl: string }>;

/** OAuth 2.0 client credentials grant: RFC 6749, 4.4. Nothing of the answer goes into an error. */
async function fetchToken(request: TokenRequest, env: Env): Promise<string> {
  const { tokenUrl, clientId, clientSecret, scope } = request;
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...(scope && { scope }) });
  const credentials = [clientId, await readSecret(clientSecret, env)].map(encodeURIComponent).join(':');
  const response = await fetch(tokenUrl, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    body,
    signal: AbortSignal.timeout(TOKEN_TIMEOUT_MS),
  });
  if (!response.ok)
    throw new Error(`${new URL(tokenUrl).host} answered ${response.status} instead of a token`);
  const parsed = tokenSchema.safeParse(await response.json());
  if (!parsed.success) throw new Error(`${new URL(tokenUrl).host} answered without an access_token`);
  return parsed.data.access_token;
}

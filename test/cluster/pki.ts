import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Paths of a certificate and its private key, PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** File name without its ending. */
  readonly name: string;
  /** As openssl takes it; to the API server O is the group and CN the user. */
  readonly subject: string;
  /** Names under which a server is reached, `DNS:name` or `IP:address`. */
  readonly altNames?: readonly string[];
}

const DAYS = '7';

/** An authority of its own for one cluster, valid for 7 days. Needs openssl on the PATH. */
export class Authority {
  readonly directory: string;
  readonly pair: KeyPair;

  private constructor(directory: string, pair: KeyPair) {
    this.directory = directory;
    this.pair = pair;
  }

  static async create(directory: string, name: string): Promise<Authority> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const pair = await newKey(directory, name);
    const { key, cert } = pair;
    await openssl(['req', '-x509', '-new', '-key', key, '-out', cert, '-days', DAYS, '-subj', `/CN=${name}`]);
    return new Authority(directory, pair);
  }

  /** A certificate that serves as a server's and as a client's. */
  async issue({ name, subject, altNames = [] }: CertificateRequest): Promise<KeyPair> {
    const pair = await newKey(this.directory, name);
    const request = join(this.directory, `${name}.csr`);
    const extensions = join(this.directory, `${name}.ext`);
    const usage = ['keyUsage=digitalSignature', 'extendedKeyUsage=clientAuth,serverAuth'];
    const names = altNames.length === 0 ? [] : [`subjectAltName=${altNames.join(',')}`];
    await writeFile(extensions, [...usage, ...names, ''].join('\n'));
    await openssl(['req', '-new', '-key', pair.key, '-out', request, '-subj', subject]);
    const ca = ['-CA', this.pair.cert, '-CAkey', this.pair.key, '-CAcreateserial'];
    const files = ['-in', request, '-out', pair.cert, '-extfile', extensions];
    await openssl(['x509', '-req', '-days', DAYS, ...ca, ...files]);
    return pair;
  }
}

/** A key with which service account tokens are signed; its public half is derived by those that check them. */
export async function createSigningKey(path: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  await writeFile(path, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
}

async function newKey(directory: string, name: string): Promise<KeyPair> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const key = join(directory, `${name}.key`);
  await writeFile(key, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
  return { key, cert: join(directory, `${name}.crt`) };
}

async function openssl(args: readonly string[]): Promise<void> {
  await run('openssl', args).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error('The tests on Kubernetes need openssl, which is not on the PATH.', { cause: error });
  });
}

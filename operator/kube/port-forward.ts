import type { IncomingMessage } from 'node:http';
import { get } from 'node:http';
import { Duplex, PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { KubeConfig } from '@kubernetes/client-node';
import { PortForward } from '@kubernetes/client-node';
import { KubeError } from './kube-error.ts';

export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

export interface PodAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * GET from a port that a pod opens on its loopback, as through `kubectl port-forward`. It takes the right to create
 * pods/portforward. @throws KubeError
 */
export async function getFromPod(
  config: KubeConfig,
  at: PodPort,
  path: string,
  timeoutMs: number,
): Promise<PodAnswer> {
  const signal = AbortSignal.timeout(timeoutMs);
  const connecting = connect(config, at);
  // One that comes too late would keep the process alive.
  signal.addEventListener('abort', () => void connecting.then((late) => late.destroy()).catch(() => {}));
  const connection = await within(signal, connecting, at);
  const answer = async (): Promise<PodAnswer> => {
    const response = await request(connection, path, at.port);
    return { status: response.statusCode ?? 0, body: await text(response) };
  };
  try {
    return await within(signal, answer(), at);
  } finally {
    connection.destroy();
  }
}

/** A byte stream to the port. What the kubelet complains of ends it with an error. */
async function connect(config: KubeConfig, at: PodPort): Promise<Duplex> {
  const [toPod, fromPod, complaints] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const { namespace, pod, port } = at;
  const forward = new PortForward(config);
  const socket = await forward.portForward(namespace, pod, [port], fromPod, complaints, toPod);
  if (typeof socket === 'function') throw refusal(at, 'no connection');
  const stream = new Duplex({
    read: () => {},
    write: (chunk, encoding, done) => void toPod.write(chunk, encoding, done),
  });
  fromPod.on('data', (chunk) => void stream.push(chunk));
  complaints.on('data', (words: Buffer) => {
    if (words.length > 0) stream.destroy(refusal(at, words.toString().trim()));
  });
  socket.onclose = () => void stream.push(null);
  stream.on('close', () => socket.close());
  return stream;
}

function request(connection: Duplex, path: string, port: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { host: `127.0.0.1:${port}`, connection: 'close' };
    const sent = get({ path, headers, createConnection: () => connection }, resolve);
    sent.once('error', reject);
  });
}

/** Ends with the signal, and with KubeError however it fails. */
async function within<Result>(signal: AbortSignal, work: Promise<Result>, at: PodPort): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(refusal(at, 'no answer in time')), { once: true });
  // Whichever comes second has nobody waiting for it.
  late.catch(() => undefined);
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw error instanceof KubeError ? error : refusal(at, wordsOf(error), error);
  }
}

/** The library rejects with an ErrorEvent, which has a message too. */
function wordsOf(error: unknown): string {
  const { message } = error as { readonly message?: unknown };
  return typeof message === 'string' ? message : String(error);
}

function refusal({ namespace, pod, port }: PodPort, words: string, cause?: unknown): KubeError {
  const status = Number(/server response: (\d{3})/.exec(words)?.[1] ?? 0);
  const what = status === 403 ? 'you may not create pods/portforward there' : words;
  return new KubeError({ status, message: `port ${port} of pod ${namespace}/${pod}: ${what}`, cause });
}

import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import type { Access } from '../kubeconfig.ts';

/** Whether a GET of the API server is answered by 200. Rejects while nobody answers. */
export async function isOk(access: Access, path: string, timeoutMs = 2_000): Promise<boolean> {
  const [ca, cert, key] = await Promise.all(
    [access.authority, access.client.cert, access.client.key].map((file) => readFile(file)),
  );
  return new Promise((resolve, reject) => {
    // No agent: a connection that is kept would answer for a server that has ended.
    const options = { ca, cert, key, agent: false, timeout: timeoutMs };
    const asked = request(`${access.server}${path}`, options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.once('timeout', () => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    asked.once('error', reject);
    asked.end();
  });
}

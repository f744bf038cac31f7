import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

/** Names of the modules of the client library that importing `module` loads. */
async function loadedBy(module: string): Promise<string[]> {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    await import(${JSON.stringify(module)});
    process.stdout.write(loaded.filter((url) => url.includes('@kubernetes/client-node')).join('\\n'));
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
  return stdout.split('\n');
}

test('of the client library only configuration and HTTP are loaded, not the hundreds of kinds', async () => {
  const loaded = await loadedBy(join(import.meta.dirname, 'load-config.ts'));
  expect(loaded.some((url) => url.endsWith('/dist/config.js'))).toBe(true);
  expect(loaded.filter((url) => /\/gen\/(models|apis|types)\//.test(url))).toEqual([]);
  expect(loaded.length).toBeLessThan(40);
});

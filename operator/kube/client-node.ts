import { createRequire, registerHooks } from 'node:module';
import type * as ConfigModule from '@kubernetes/client-node/dist/config.js';
import type * as HttpModule from '@kubernetes/client-node/dist/gen/http/http.js';

/**
 * What the operator needs of the client library: kubeconfigs with all their ways to authenticate, and HTTP. However it
 * is imported, the library loads a class for each kind of each API, all of node:http (see otel/node-http.ts) and a SOCKS
 * client: 55 MB of resident memory that hardly anybody uses. So where its `config.js` asks for one of these, it gets the
 * part that it needs, or what loads it when it is needed.
 */
const PARTS: Readonly<Record<string, string>> = {
  './gen/index.js': `
    export { createConfiguration } from './gen/configuration.js';
    export { ServerConfiguration } from './gen/servers.js';`,
  'node:http': `
    import { createRequire } from 'node:module';
    export default createRequire(import.meta.url)('node:http');`,
  'socks-proxy-agent': `
    import { createRequire } from 'node:module';
    export const SocksProxyAgent = function (...options) {
      const { SocksProxyAgent } = createRequire(import.meta.url)('socks-proxy-agent');
      return new SocksProxyAgent(...options);
    };`,
  socks: `
    import { createRequire } from 'node:module';
    export const SocksClient = {
      createConnection: (...options) =>
        createRequire(import.meta.url)('socks').SocksClient.createConnection(...options),
    };`,
};
const CONFIG = /\/client-node\/dist\/config\.js$/;
const PART = '?part-of=';

const hooks = registerHooks({
  resolve: (specifier, context, next) => {
    const parent = context.parentURL ?? '';
    if (!(specifier in PARTS) || !CONFIG.test(parent)) return next(specifier, context);
    return { url: `${parent}${PART}${specifier}`, format: 'module', shortCircuit: true };
  },
  load: (url, context, next) => {
    const [, whole] = url.split(PART);
    const source = whole === undefined ? undefined : PARTS[whole];
    return source === undefined ? next(url, context) : { format: 'module', source, shortCircuit: true };
  },
});
const require = createRequire(import.meta.url);
export const { KubeConfig } = require('@kubernetes/client-node/dist/config.js') as typeof ConfigModule;
export const { HttpMethod, IsomorphicFetchHttpLibrary, RequestContext } =
  require('@kubernetes/client-node/dist/gen/http/http.js') as typeof HttpModule;
hooks.deregister();

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const VERSION = '2.2.4';

/**
 * The prototype of a class inside kafkajs, to be patched.
 * @param patch its name, for the error
 * @param path of the module below kafkajs/src
 * @throws Error when this is not the kafkajs the patch was written for, or it has no such methods
 */
export function prototypeOf<Class>(patch: string, path: string, methods: readonly (keyof Class)[]): Class {
  const { version } = require('kafkajs/package.json') as { version: string };
  const { prototype } = require(`kafkajs/src/${path}`) as { prototype: Class };
  if (version !== VERSION || methods.some((method) => typeof prototype[method] !== 'function'))
    throw new Error(`The ${patch} patch was written for kafkajs ${VERSION}, this is ${version}.`);
  return prototype;
}

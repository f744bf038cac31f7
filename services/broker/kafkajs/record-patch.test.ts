import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EncodableRecord } from './record-patch.ts';
import { encodeRecord } from './record-patch.ts';

const require = createRequire(import.meta.url);
const RECORD = 'kafkajs/src/protocol/recordBatch/record/v0/index.js';
const encodeByKafkajs = loadKafkajsOwn();

function loadKafkajsOwn(): (record: EncodableRecord) => { readonly buffer: Buffer } {
  const path = require.resolve(RECORD);
  const ours = require.cache[path];
  delete require.cache[path];
  const own = require(RECORD) as ReturnType<typeof loadKafkajsOwn>;
  require.cache[path] = ours;
  return own;
}

const content = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);

test('writes the same bytes as kafkajs', () => {
  fc.assert(
    fc.property(
      fc.record({
        offsetDelta: fc.integer({ min: 0, max: 2_000_000 }),
        timestampDelta: fc.integer({ min: -1_000_000, max: 2_000_000_000 }),
        key: fc.option(content),
        value: fc.option(content),
        headers: fc.dictionary(
          fc.string({ minLength: 1, maxLength: 40 }).filter((name) => name !== '__proto__'),
          fc.oneof(content, fc.array(content, { maxLength: 3 })),
        ),
      }),
      (record) => {
        expect(encodeRecord(record).equals(encodeByKafkajs(record).buffer)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

const local = (path: string): string => new URL(path, import.meta.url).href;
const PROGRAM = `
  import { createRequire } from 'node:module';
  import '${local('./client.ts')}';
  import { createRecord } from '${local('./record-patch.ts')}';
  console.log(createRequire('${import.meta.url}')('${RECORD}') === createRecord);
  process.exit();
`;

test.each(['', 'http://127.0.0.1:9'])('kafkajs encodes with it, traces going to "%s"', async (endpoint) => {
  const args = ['--import', local('../../../otel/register.ts'), '--input-type=module', '--eval', PROGRAM];
  const env = { ...process.env, OTEL_SDK_DISABLED: '', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  expect(stdout.trim()).toBe('true');
});

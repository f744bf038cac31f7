import { describe, expect, test } from 'vitest';
import { RULES } from './fixtures/architecture-rules.ts';
import { parseSource, readSourceFiles } from './fixtures/source-files.ts';

const files = await readSourceFiles();

describe.each(RULES)('$name', ({ reason, breaks, example }) => {
  test(`holds everywhere: ${reason}`, () => {
    const broken = files.flatMap((file) => breaks(file).map((what) => `${file.path} ${what}`));
    expect(broken).toEqual([]);
  });

  test('can be broken', () => {
    expect(breaks(parseSource(example.path, example.text))).not.toEqual([]);
  });
});

test('the files are there', () => {
  expect(files.length).toBeGreaterThan(150);
  expect(files.filter(({ path }) => path.startsWith('services/domain/')).length).toBeGreaterThan(4);
});

test('finds imports of every kind, and none in comments or strings', () => {
  const text = `
    // import { a } from './comment.ts';
    /* import './block.ts'; */
    import type { B } from './b.ts';
    import {
      c,
    } from '../c/c.ts';
    import './side-effect.ts';
    export * from '@scope/package/deep';
    const d = await import('./d.ts');
    const e = require('kafkajs/src/x.js');
    const text = "import './string.ts'";
    const code = \`process.env.\`;
  `;
  const { imports, code } = parseSource('services/a/x.ts', text);
  expect(imports).toEqual([
    'services/a/b.ts',
    'services/c/c.ts',
    'services/a/side-effect.ts',
    '@scope/package',
    'services/a/d.ts',
    'kafkajs',
  ]);
  expect(code).not.toContain('process.env');
});

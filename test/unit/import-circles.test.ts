import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { circlesIn, importsOf } from '#test/support/import-circles';

const tracked = (): string[] =>
  execFileSync('git', ['ls-files', '--', '*.ts', '*.js'], { encoding: 'utf8' }).trim().split('\n');

test('no file imports itself through others, not even for a type', () => {
  const imports = importsOf(tracked());
  // Makes sure that the project is read, by both kinds of names.
  expect(imports.get('harness/result.ts')).toEqual(
    expect.arrayContaining(['harness/testbed/testbed.ts', 'harness/result/measurement.ts']),
  );
  expect(imports.get('harness/result/measurement.ts')).toContain('catalogue/counters.ts');
  expect(circlesIn(imports).map((circle) => circle.join(' → '))).toEqual([]);
});

test('a circle is found, whether by name, by path or of types only', () => {
  const texts: Record<string, string> = {
    'a/one.ts': `import type { Two } from '#b/two';`,
    'b/two.ts': `export { three } from './deep/three.ts';`,
    'b/deep/three.ts': `import { one } from '../../a/one.ts'; import { four } from './four.ts';`,
    'b/deep/four.ts': `import { readFile } from 'node:fs';`,
  };
  expect(circlesIn(importsOf(Object.keys(texts), (file) => texts[file]!))).toEqual([
    ['a/one.ts', 'b/two.ts', 'b/deep/three.ts', 'a/one.ts'],
  ]);
});

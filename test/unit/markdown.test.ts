import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { charactersOf, lineMaxCharacters, rowsAsList, wrapped } from '#harness/markdown';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Each with its number. */
const longLines = (text: string): string[] =>
  text
    .split('\n')
    .flatMap((line, index) =>
      charactersOf(line) > lineMaxCharacters ? [`${index + 1}: ${line.slice(0, 60)}…`] : [],
    );

describe('the lines of Markdown', () => {
  const files = execFileSync('git', ['ls-files', '-z', '*.md'], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((file) => file !== '');

  test.each(files)('are no longer than 120 characters: %s', (file) => {
    expect(longLines(readFileSync(`${root}${file}`, 'utf8'))).toEqual([]);
  });

  test('are reported by number when they are longer (negative control)', () => {
    expect(files).toContain('README.md');
    expect(longLines(`${'é'.repeat(120)}\n| ${'x'.repeat(119)} |`)).toEqual([
      expect.stringMatching(/^2: \| x/),
    ]);
  });
});

describe('text that is wrapped', () => {
  test('keeps code together, and starts no list by accident', () => {
    const text = `${'a'.repeat(110)} \`some code\` b - c`;
    expect(wrapped(text, '- ')).toEqual([`- ${'a'.repeat(110)}`, '  `some code` b - c']);
    expect(wrapped(`${'a'.repeat(118)} - c`)).toEqual([`${'a'.repeat(118)} -`, 'c']);
  });

  test('turns the rows of a table into list items', () => {
    expect(
      rowsAsList(
        ['what', 'how', 'when'],
        [
          ['x', 'so', ''],
          ['y', 'so', 'now'],
        ],
      ),
    ).toEqual(['- x – how: so', '- y – how: so; when: now']);
  });
});

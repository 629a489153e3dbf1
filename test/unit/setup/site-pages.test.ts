import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { menuOf, pageText, placeOf } from '#setup/site-pages';

const pages = ['README.md', 'docs/README.md', 'docs/a.md', 'docs/b.md'];

test('links lead to pages of the site, and sources are plain text', () => {
  const text = [
    '[a](a.md#part), [top](../README.md), [`code`](../harness/cli.ts), [out](https://localhost/)',
    '![drawing](../studies/x/y.svg) `[no](link.md)`',
    '```sh',
    '[not](a.md) a link',
    '```',
    '[ref]: a.md',
  ].join('\n');
  expect(pageText('docs/b.md', text, pages).split('\n')).toEqual([
    '[a](./a.md#part), [top](../index.md), `code`, [out](https://localhost/)',
    '![drawing](../studies/x/y.svg) `[no](link.md)`',
    '```sh',
    '[not](a.md) a link',
    '```',
    '[ref]: ./a.md',
  ]);
});

test("a folder's README is its first page", () => {
  expect(pages.map(placeOf)).toEqual(['index.md', 'docs/index.md', 'docs/a.md', 'docs/b.md']);
});

test('the menu is the page of contents', () => {
  const contents =
    '- [x](a.md)\n\n## How to\n\n- [first](b.md) or [again](a.md), [none](gone.md)\n\n## Empty\n';
  const texts = new Map([
    ['docs/README.md', contents],
    ['docs/a.md', '# A'],
    ['docs/b.md', '# `B` b'],
  ]);
  expect(menuOf('docs/README.md', texts)).toEqual([
    { text: 'Begin', items: [{ text: 'A', link: '/docs/a' }] },
    { text: 'How to', items: [{ text: 'B b', link: '/docs/b' }] },
  ]);
});

test('the page of contents has every page of docs/', () => {
  const docs = fileURLToPath(new URL('../../../docs/', import.meta.url));
  const contents = readFileSync(`${docs}README.md`, 'utf8');
  const missing = readdirSync(docs).filter((name) => name.endsWith('.md') && name !== 'README.md' && !contents.includes(`(${name}`));
  expect(missing).toEqual([]);
}); // prettier-ignore

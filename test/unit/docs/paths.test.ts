import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

/** What the documents name exists: whoever moves a file must update its mentions. */

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Not part of the project: installed, or made by a run. */
const others = ['node_modules', 'dist', 'results', '.git', '.cache', '.livemig'];

const below = (directory: string): string[] =>
  readdirSync(join(root, directory), { withFileTypes: true })
    .filter(({ name }) => !others.includes(name))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory() ? [path, ...below(path)] : [path];
    });

const paths = below('.');
/** Folders are also called by the last part of their path: `transfer/grpc/keepalive.ts`, `normal.ts`. */
const isThere = (mention: string): boolean => {
  const path = normalize(mention).replace(/\/$/, '');
  return paths.some((each) => each === path || each.endsWith(`/${path}`));
};

const rooms = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !others.includes(entry.name))
  .map(({ name }) => name);
/** A folder with a path after it, wherever it is. */
const inRoom = new RegExp(String.raw`(?<![\w./-])(?:${rooms.join('|')})/[\w./-]*\w/?`, 'g');
/** In backticks: a file with an ending that ours have, or a directory. */
const inBackticks = /`([\w-][\w./-]*(?:\.(?:ts|md|js|json|ya?ml|proto|sh)|\/))`/g;
const linked = /\]\(([^)#:]+)(?:#[^)]*)?\)/g;

/** @returns what a text names that doesn't exist. @param document where it stands, as links are relative to it */
const missingIn = (document: string, text: string): string[] => {
  const mentions = [
    ...(text.match(inRoom) ?? []),
    ...[...text.matchAll(inBackticks)].map(([, path]) => path!),
  ];
  const links = [...text.matchAll(linked)].map(([, path]) => join(dirname(document), path!));
  return [
    ...mentions.filter((path) => !others.includes(path.split('/')[0]!) && !isThere(path)),
    ...links.filter((path) => !paths.includes(path)),
  ];
};

const documents = paths.filter((path) => /^(docs\/)?[^/]+\.md$/.test(path));

describe('the documents', () => {
  test.each(documents)('%s names only files that exist', (document) => {
    expect(missingIn(document, readFileSync(join(root, document), 'utf8'))).toEqual([]);
  });

  test('a missing file is found (negative control)', () => {
    expect(documents.length).toBeGreaterThan(5);
    const text =
      'See test/unit/gone.test.ts and [here](gone.md), `harness/gone/`, `gone.ts`; not `results/x.md`, bench/run.ts, ' +
      '`transfer/grpc/keepalive.ts`, [there](../README.md#rootless) nor [elsewhere](https://localhost/docs/gone.md).';
    expect(missingIn('docs/x.md', text)).toEqual([
      'test/unit/gone.test.ts',
      'harness/gone/',
      'harness/gone/',
      'gone.ts',
      'docs/gone.md',
    ]);
  });
});

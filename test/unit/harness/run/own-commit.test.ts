import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { machineEnvironment } from '#harness/run/environment';
import { commitOf, ownCommit } from '#harness/run/own-commit';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lm-commit-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const git = (...args: string[]): string =>
  execFileSync('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], {
    encoding: 'utf8',
  });

test('a clone has its commit, and is dirty once a file of it was changed', async () => {
  git('init', '-q');
  await writeFile(join(root, 'a'), '1');
  git('add', 'a');
  git('commit', '-qm', 'one');
  const livemigCommit = git('rev-parse', 'HEAD').trim();
  expect(commitOf(root)).toEqual({ livemigCommit, livemigIsDirty: false });
  await writeFile(join(root, 'results'), 'are no part of it');
  expect(commitOf(root)).toEqual({ livemigCommit, livemigIsDirty: false });
  await writeFile(join(root, 'a'), '2');
  expect(commitOf(root)).toEqual({ livemigCommit, livemigIsDirty: true });
}); // prettier-ignore

test('a package has what it was told, not the commit of the project that it is installed in', async () => {
  git('init', '-q');
  const dist = join(root, 'node_modules/livemig/dist');
  await mkdir(dist, { recursive: true });
  await writeFile(
    join(dist, 'package.json'),
    JSON.stringify({ livemigCommit: 'abc', livemigIsDirty: false }),
  );
  expect(commitOf(dist)).toEqual({ livemigCommit: 'abc', livemigIsDirty: false });
  await writeFile(join(dist, 'package.json'), '{}');
  expect(commitOf(dist)).toEqual({ livemigCommit: null, livemigIsDirty: null });
});

test('where nothing says it, it is not known', () => {
  expect(commitOf(join(root, 'nowhere'))).toEqual({ livemigCommit: null, livemigIsDirty: null });
});

test('every result says it', () => {
  expect(machineEnvironment()).toMatchObject(ownCommit());
});

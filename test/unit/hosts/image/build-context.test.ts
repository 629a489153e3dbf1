import { readFileSync, existsSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseWhitelist } from '../../../../harness/testbed/docker/image.ts';

interface LockedPackage {
  dependencies?: Record<string, string>;
}

const read = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
const locked = (JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> })
  .packages;

/** Where Node would find `name` from inside the package at `from`. */
const resolve = (from: string, name: string): string => {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    const path = `${base === '' ? '' : `${base}/`}node_modules/${name}`;
    if (path in locked) return path;
    if (base === '') throw new Error(`${name}, needed by ${from}, is not locked`);
  }
};

const closureOf = (names: readonly string[]): Set<string> => {
  const found = new Set<string>();
  const visit = (path: string): void => {
    if (found.has(path)) return;
    found.add(path);
    for (const name of Object.keys(locked[path]?.dependencies ?? {}))
      if (!name.startsWith('@types/')) visit(resolve(path, name));
  };
  for (const name of names) visit(resolve('', name));
  return found;
};

describe('build context of the image', () => {
  const whitelist = parseWhitelist(read('.dockerignore'));
  const isIn = (path: string) => whitelist.some((entry) => path === entry || path.startsWith(`${entry}/`));

  test('holds everything that hosts import, with its dependencies', () => {
    const needed = [...closureOf(['@grpc/grpc-js', 'protobufjs', 'rxjs', 'koffi', 'zod'])];
    expect(needed.filter((path) => !isIn(path))).toEqual([]);
    expect(isIn('node_modules/@koromix/koffi-linux-x64')).toBe(true);
  });

  test('holds what the harness needs to attach', () => {
    const names = ['@peculiar/x509', 'commander', 'fastest-levenshtein', 'reflect-metadata', 'yaml', 'zod'];
    const needed = [...closureOf(names)];
    expect(needed.filter((path) => !isIn(path))).toEqual([]);
  });

  test('names nothing that is not there', () => {
    const missing = whitelist.filter((path) => !existsSync(new URL(`../../../../${path}`, import.meta.url)));
    expect(missing).toEqual([]);
  });

  test('names nothing twice: tar writes the second turn of a hard-linked file as a link to itself', () => {
    const inside = whitelist.filter((path) => whitelist.some((other) => path.startsWith(`${other}/`)));
    expect(inside).toEqual([]);
  });

  test('leaves out the rest of node_modules', () => {
    expect(isIn('node_modules/testcontainers')).toBe(false);
    expect(isIn('node_modules/typescript')).toBe(false);
  });
});

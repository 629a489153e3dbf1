import { execFileSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { packagesOf } from '#hosts/image/packages';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const script = fileURLToPath(new URL('../../../../hosts/image/packages.ts', import.meta.url));

interface Manifest {
  version?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const read = (file: string): Required<Manifest> =>
  JSON.parse(readFileSync(join(root, file), 'utf8')) as Required<Manifest>;

let tree: string;
beforeEach(() => {
  tree = realpathSync(mkdtempSync(join(tmpdir(), 'livemig-test-')));
});
afterEach(() => {
  rmSync(tree, { recursive: true });
});

const install = (place: string, manifest: Manifest): void => {
  mkdirSync(join(tree, place), { recursive: true });
  writeFileSync(join(tree, place, 'package.json'), JSON.stringify(manifest));
};
const needs = (...names: string[]): Manifest => ({
  version: '1',
  dependencies: Object.fromEntries(names.map((name) => [name, '*'])),
});
const placed = (folder: string): string[] =>
  packagesOf(join(tree, folder)).map(({ to, id }) => `${to} ${id}`);

describe('packages of an image', () => {
  test('are what a package.json names, what that needs in turn but types, and nothing else', () => {
    install('hosts/image', { ...needs('a'), optionalDependencies: { '@for/another-machine': '1' } });
    install('node_modules/a', needs('@scope/b', '@types/b'));
    install('node_modules/@scope/b', needs('a'));
    install('node_modules/other', needs());
    expect(placed('hosts/image')).toEqual(['node_modules/@scope/b @scope/b@1', 'node_modules/a a@1']);
  });

  test('that are not installed are an error', () => {
    install('hosts', needs('a'));
    install('node_modules/a', needs('gone'));
    expect(() => placed('hosts')).toThrow(
      `gone, needed by ${join(tree, 'node_modules/a')}, is not installed`,
    );
  });

  test('of two versions are both there, each for those that need it', () => {
    install('hosts', needs('a', 'b', 'c'));
    install('node_modules/a', needs('b', 'c'));
    install('node_modules/a/node_modules/b', { ...needs('c'), version: '2' });
    install('node_modules/b', needs());
    install('node_modules/c', needs());
    expect(placed('hosts')).toEqual([
      'node_modules/a a@1',
      'node_modules/a/node_modules/b b@2',
      'node_modules/b b@1',
      'node_modules/c c@1',
    ]);
  });

  test('are found around an installed livemig, whose dependencies another package may have pushed inside', () => {
    install('node_modules/livemig/dist/hosts/image', needs('a', 'b'));
    install('node_modules/livemig/node_modules/b', { ...needs(), version: '2' });
    install('node_modules/a', needs('b'));
    install('node_modules/b', needs());
    expect(placed('node_modules/livemig/dist/hosts/image')).toEqual([
      'node_modules/a a@1',
      'node_modules/a/node_modules/b b@1',
      'node_modules/b b@2',
    ]);
  });

  test('are found in a store of links, as pnpm makes it', () => {
    const store = (id: string, name: string): string => `node_modules/.pnpm/${id}/node_modules/${name}`;
    const link = (from: string, to: string): void => {
      mkdirSync(dirname(join(tree, from)), { recursive: true });
      symlinkSync(join(tree, to), join(tree, from));
    };
    install(store('livemig', 'livemig/image'), needs('a', 'b'));
    install(store('a', 'a'), needs('b'));
    install(store('b@1', 'b'), needs());
    install(store('b@2', 'b'), { ...needs(), version: '2' });
    link('node_modules/livemig', store('livemig', 'livemig'));
    link(store('livemig', 'a'), store('a', 'a'));
    link(store('livemig', 'b'), store('b@2', 'b'));
    link(store('a', 'b'), store('b@1', 'b'));
    expect(placed('node_modules/livemig/image')).toEqual([
      'node_modules/a a@1',
      'node_modules/a/node_modules/b b@1',
      'node_modules/b b@2',
    ]);
  });

  test('of the hosts are few, and all installed', () => {
    const kept = packagesOf(join(root, 'hosts/image')).map(({ to }) => to);
    for (const name of ['@grpc/grpc-js', 'koffi', 'protobufjs', 'rxjs', 'zod'])
      expect(kept).toContain(`node_modules/${name}`);
    expect(kept).toContain('node_modules/@koromix/koffi-linux-x64');
    for (const name of ['testcontainers', 'dockerode', 'vega', 'typescript', 'node'])
      expect(kept).not.toContain(`node_modules/${name}`);
  });

  test('of the hosts are of the versions that the harness has, too', () => {
    const { dependencies } = read('package.json');
    expect(dependencies).toMatchObject(read('hosts/image/package.json').dependencies);
  });

  test('are all that the code inside a host imports', () => {
    const { dependencies } = read('hosts/image/package.json');
    const imported = new Set<string>();
    for (const room of ['catalogue', 'hosts', 'proto'])
      for (const file of globSync(`${room}/**/*.ts`, { cwd: root }))
        for (const [, name = ''] of readFileSync(join(root, file), 'utf8').matchAll(
          /^import .* from '([^.#'][^']*)'/gm,
        ))
          if (!name.startsWith('node:'))
            imported.add(
              name
                .split('/')
                .slice(0, name.startsWith('@') ? 2 : 1)
                .join('/'),
            );
    expect([...imported].filter((name) => !(name in dependencies))).toEqual([]);
    expect(Object.keys(dependencies).filter((name) => !imported.has(name))).toEqual([]);
  });

  test('are copied by the command, each once', () => {
    install('hosts', needs('a'));
    install('node_modules/a', needs('b'));
    install('node_modules/a/node_modules/b', needs());
    install('node_modules/a/node_modules/unused', needs());
    install('node_modules/other', needs());
    execFileSync(execPath, [script, join(tree, 'hosts'), join(tree, 'kept')]);
    const kept = globSync('**/package.json', { cwd: join(tree, 'kept') }).map(dirname);
    expect(kept.sort()).toEqual(['node_modules/a', 'node_modules/b']);
    expect(existsSync(join(tree, 'kept/node_modules/other'))).toBe(false);
  });
});

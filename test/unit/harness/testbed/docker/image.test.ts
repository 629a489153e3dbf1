import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { baseImageName, parseMirror } from '#harness/testbed/docker/base-image';
import { imageName, parseBaseImage } from '#harness/testbed/docker/image';

describe('imageName', () => {
  let tree: string;
  beforeEach(() => {
    tree = mkdtempSync(join(tmpdir(), 'livemig-test-'));
    for (const directory of ['hosts/image', 'proto', 'harness'])
      mkdirSync(join(tree, directory), { recursive: true });
    writeFileSync(join(tree, 'hosts/image/package.json'), '{ "dependencies": { "a": "1" } }');
    mkdirSync(join(tree, 'node_modules/a'), { recursive: true });
    writeFileSync(join(tree, 'node_modules/a/package.json'), '{ "version": "1.0.0" }');
    for (const file of ['package.json', 'hosts/agent.ts', 'proto/units.ts'])
      writeFileSync(join(tree, file), file);
  });
  afterEach(() => {
    rmSync(tree, { recursive: true });
  });

  test('stays the same while the agents do', async () => {
    const before = await imageName(tree);
    writeFileSync(join(tree, 'harness/run.ts'), 'not in the image');
    expect(await imageName(tree)).toBe(before);
    expect(before).toMatch(/^livemig-agent:[0-9a-f]{12}$/);
  });

  test.each(['hosts/agent.ts', 'hosts/image/Dockerfile', 'proto/units.ts', 'hosts/new.ts'])(
    'changes with %s',
    async (file) => {
      const before = await imageName(tree);
      writeFileSync(join(tree, file), 'changed');
      expect(await imageName(tree)).not.toBe(before);
    },
  );

  test("changes with a package's version", async () => {
    const before = await imageName(tree);
    writeFileSync(join(tree, 'node_modules/a/package.json'), '{ "version": "1.0.1" }');
    expect(await imageName(tree)).not.toBe(before);
  });

  test('notices a file that moved', async () => {
    const before = await imageName(tree);
    rmSync(join(tree, 'proto/units.ts'));
    writeFileSync(join(tree, 'proto/moved.ts'), 'proto/units.ts');
    expect(await imageName(tree)).not.toBe(before);
  });
});

describe('parsing', () => {
  test('finds the default base in a Dockerfile', () => {
    expect(parseBaseImage('# base\nARG BASE_IMAGE=node:24-x\nFROM ${BASE_IMAGE}\n')).toBe('node:24-x');
    expect(() => parseBaseImage('FROM scratch')).toThrow(/ARG BASE_IMAGE/);
  });

  test('finds the Debian mirror among apt sources', () => {
    const targets = [
      'http://packages.example.org/apt stable main Example',
      'http://mirror.example.org/debian-security/ bookworm-security main Debian',
      'http://mirror.example.org/debian/ bookworm-updates main Debian',
      'http://mirror.example.org/debian/ bookworm main Debian',
    ].join('\n');
    expect(parseMirror(targets, 'bookworm')).toEqual({
      uri: 'http://mirror.example.org/debian/',
      codename: 'bookworm',
    });
    expect(parseMirror(targets, 'trixie')).toBeUndefined();
  });

  test('names a base after its recipe', () => {
    expect(baseImageName('bookworm')).toBe(baseImageName('bookworm'));
    expect(baseImageName('bookworm')).not.toBe(baseImageName('trixie'));
  });
});

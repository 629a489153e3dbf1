import { spawnSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  lstatSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { makeDirectories } from '#harness/files/places';
import { appendLine, rescue, withFileLocked, writeAtomically } from '#harness/files/write';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'livemig-write-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('appended lines', () => {
  test('start a new line after a torn one, and lose nothing to each other or to a rewrite', async () => {
    const file = join(directory, 'a.jsonl');
    writeFileSync(file, '{"half');
    const rewrite = withFileLocked(file, async () => {
      const text = readFileSync(file, 'utf8');
      await new Promise((resolve) => setTimeout(resolve, 20));
      await writeAtomically(file, text);
    });
    await Promise.all([rewrite, ...Array.from({ length: 20 }, (_, index) => appendLine(file, { index }))]);
    const [torn, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(torn).toBe('{"half');
    const indices = lines.map((line) => (JSON.parse(line) as { index: number }).index);
    expect(indices.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  test('say which file cannot be appended to', async () => {
    await expect(appendLine(join(directory, 'gone', 'a.jsonl'), {})).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('a.jsonl'),
    });
  });
});

describe('a file that is replaced', () => {
  test('stays behind its symbolic link, and a device stays a device', async () => {
    writeFileSync(join(directory, 'real'), 'old');
    symlinkSync('real', join(directory, 'link'));
    await writeAtomically(join(directory, 'link'), 'new');
    expect(lstatSync(join(directory, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(directory, 'real'), 'utf8')).toBe('new');
    await writeAtomically('/dev/null', 'new');
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
    expect(readdirSync(directory).toSorted()).toEqual(['link', 'real']);
  });
});

describe('what does not fit in its own place', () => {
  test('goes to the temporary directory, and says so if it does not fit there either', async () => {
    const file = await rescue('result.json', 'all of it', directory);
    expect(file).toContain(join(directory, 'livemig-rescued-'));
    expect(readFileSync(file!, 'utf8')).toBe('all of it');
    expect(await rescue('result.json', 'all of it', join(directory, 'gone'))).toBeNull();
  });
});

describe('a full disk', () => {
  const script = fileURLToPath(new URL('../../../support/full-disk.ts', import.meta.url));
  /** @param blocks how far a file may grow, of 512 bytes (POSIX) or 1024 (bash). */
  const store = (out: string, blocks: number, size: number): string => {
    const command = `ulimit -f ${blocks}; trap '' XFSZ; exec "$0" "$@"`;
    const ran = spawnSync('sh', ['-c', command, process.execPath, script, out, String(size)], {
      encoding: 'utf8',
    });
    expect(ran.stderr).toBe('');
    return ran.stdout.trim();
  };

  test('is an error with its own code in one line, and leaves everything as it was', () => {
    const runs = join(directory, 'runs.jsonl');
    expect(store(directory, 1000, 10)).toBe('stored');
    const before = readFileSync(runs, 'utf8');
    const said = store(directory, 100, 200_000);
    expect(said).toMatch(/^STORAGE_FAILED .*big\.json can't be written.*EFBIG.*runs\.jsonl.*events\.jsonl/);
    expect(said.split('\n')).toHaveLength(1);
    expect(readFileSync(runs, 'utf8')).toBe(before);
    // Of the events there is what fitted, in whole lines.
    const events = readdirSync(directory).filter((name) => name.endsWith('.events.jsonl'));
    const [lines] = events
      .map((name) => readFileSync(join(directory, name), 'utf8'))
      .filter((text) => text !== '');
    expect(lines).toMatch(/^(\{"filler":"x{1000}"\}\n)*$/);
    expect(readdirSync(directory).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('is reported before anything runs if not even a probe fits', () => {
    const ran = spawnSync('sh', ['-c', `ulimit -f 0; trap '' XFSZ; exec "$0" "$@"`, process.execPath, script, directory], { encoding: 'utf8' }); // prettier-ignore
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain('STORAGE_FAILED');
    expect(readdirSync(directory)).toEqual([]);
  });
});

test('nested directories are made, and refused if a file is in the way or the kernel forbids it', async () => {
  await makeDirectories(join(directory, 'a', 'b'));
  await makeDirectories(join(directory, 'a', 'b'));
  writeFileSync(join(directory, 'file'), '');
  await expect(makeDirectories(join(directory, 'file', 'x'))).rejects.toThrow();
  await expect(makeDirectories('/proc/nope/x')).rejects.toThrow(/ENOENT/);
});

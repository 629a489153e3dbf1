import { mkdtempSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ownerOf } from '#harness/testbed/docker/labels';
import { usersIn, withLock } from '#setup/users';

const dead = `${String(process.pid)}:1`;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'livemig-test-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('withLock', () => {
  test('lets in one at a time', async () => {
    const lock = join(directory, 'lock');
    let inside = 0;
    const most: number[] = [];
    const enter = () =>
      withLock(lock, async () => {
        inside += 1;
        most.push(inside);
        await new Promise((resolve) => setTimeout(resolve, 20));
        inside -= 1;
      });
    await Promise.all([enter(), enter(), enter()]);
    expect(most).toEqual([1, 1, 1]);
  });

  test('is not held by dead processes', async () => {
    const lock = join(directory, 'lock');
    writeFileSync(lock, dead);
    expect(await withLock(lock, async () => 'in')).toBe('in');
  });

  test('opens after a failure', async () => {
    const lock = join(directory, 'lock');
    await expect(withLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(existsSync(lock)).toBe(false);
  });
});

describe('usersIn', () => {
  test('counts the living others and forgets the dead', async () => {
    const users = usersIn(directory);
    await users.join();
    writeFileSync(join(directory, dead), '');
    writeFileSync(join(directory, ownerOf(process.ppid)), '');
    expect(await users.leave()).toBe(1);
    expect(existsSync(join(directory, dead))).toBe(false);
  });
});

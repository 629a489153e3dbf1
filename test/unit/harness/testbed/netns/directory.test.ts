import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { makeDirectory, sweepDirectories } from '#harness/testbed/netns/directory';
import { parseStartTime, startTimeOf } from '#harness/testbed/owner';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'netns-dir-'));
});
afterEach(() => {
  rmSync(parent, { recursive: true });
});

/** A directory as a harness with this process id and start time leaves it. */
const leave = (owner: object | null): string => {
  const directory = mkdtempSync(join(parent, 'livemig-netns-'));
  if (owner !== null) writeFileSync(join(directory, 'owner.json'), JSON.stringify(owner));
  return directory;
};
const here = readlinkSync('/proc/self/ns/pid');
/** The id of a process that has ended and been collected. */
const deadPid = (): number => spawnSync('true').pid;

test('makes a directory that nobody else can enter', async () => {
  const directory = await makeDirectory(parent);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(basename(directory)).toContain(`-${process.pid}-`);
});

test('leaves the directory of a live harness alone', async () => {
  const directory = await makeDirectory(parent);
  expect(await sweepDirectories(parent)).not.toContain(directory);
  expect(existsSync(directory)).toBe(true);
});

test("removes a dead harness's", async () => {
  const directory = leave({ pid: deadPid(), startTime: '1', pidNamespace: here });
  expect(await sweepDirectories(parent)).toContain(directory);
  expect(existsSync(directory)).toBe(false);
});

test('is not fooled by a process that reuses a dead one’s id', async () => {
  const directory = leave({ pid: process.pid, startTime: '1', pidNamespace: here });
  expect(await sweepDirectories(parent)).toContain(directory);
});

test('leaves alone what belongs to a PID namespace that it cannot see', async () => {
  const directory = leave({ pid: deadPid(), startTime: '1', pidNamespace: 'pid:[1]' });
  expect(await sweepDirectories(parent)).not.toContain(directory);
});

test('leaves a directory without an owner’s note alone for a minute', async () => {
  const directory = leave(null);
  expect(await sweepDirectories(parent)).not.toContain(directory);
  const old = statSync(directory).mtimeMs / 1000 - 61;
  utimesSync(directory, old, old);
  expect(await sweepDirectories(parent)).toContain(directory);
});

test('falls back to /tmp where the name would be too long for a socket', async () => {
  const directory = await makeDirectory(mkdtempSync(join(parent, `${'x'.repeat(80)}-`)));
  expect(directory.startsWith('/tmp/livemig-netns-')).toBe(true);
  rmSync(directory, { recursive: true });
});

test('reads the start time behind any program name, and takes a zombie for dead', () => {
  const rest = Array.from({ length: 18 }, (_, index) => String(index)).join(' ');
  expect(parseStartTime(`7 (a) b) (c) S ${rest} 4711 99`)).toBe('4711');
  expect(parseStartTime(`7 (node) Z ${rest} 4711 99`)).toBeNull();
  expect(startTimeOf(process.pid)).toMatch(/^\d+$/);
  expect(startTimeOf(deadPid())).toBeNull();
});

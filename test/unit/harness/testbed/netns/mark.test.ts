import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { markedOwner, ownerMark, sweepProcesses } from '#harness/testbed/netns/mark';
import { thisProcess } from '#harness/testbed/owner';
import { sightOf } from '#harness/testbed/process-sight';
import { fuzz } from '#test/support/fuzz';

/** No system has had this many processes, so this one is dead. */
const dead = { ...thisProcess(), pid: 2 ** 22 + 1, startTime: '1' };

const stopped = async (mark: string) => {
  const child = spawn('sh', ['-c', 'read line', mark], { stdio: ['pipe', 'ignore', 'ignore'] });
  child.kill('SIGSTOP');
  while (sightOf(child.pid!).state !== 'stopped') await sleep(5);
  return child;
};

describe('what a dead harness left', () => {
  test('is ended even if it is stopped; what belongs to a live one is left alone', async () => {
    const abandoned = await stopped(ownerMark(dead));
    const ours = await stopped(ownerMark());
    try {
      const ended = once(abandoned, 'exit');
      const swept = await sweepProcesses();
      expect(swept).toContain(`process ${abandoned.pid} (it was stopped)`);
      expect(await ended).toEqual([null, 'SIGKILL']);
      expect(swept.join()).not.toContain(` ${ours.pid} `);
      expect(sightOf(ours.pid!).state).toBe('stopped');
    } finally {
      abandoned.kill('SIGKILL');
      ours.kill('SIGKILL');
    }
  });
});

describe('the mark on a command line', () => {
  test('names its harness', () => {
    expect(markedOwner(`sh\0-c\0"$@"\0${ownerMark()}\0ip\0`)).toEqual(thisProcess());
  });

  fuzz('is found in no other text', fc.string(), (text) => {
    const owner = markedOwner(text);
    expect(owner === null || text.split('\0').includes(ownerMark(owner))).toBe(true);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { childOf, parseSight, sightOf } from '#harness/testbed/process-sight';

const stat = (state: string, name = 'node'): string =>
  `4711 (${name}) ${state} 1 4711 4711 0 -1 4194560 1 2 3 4 70 30 0 0 20 0 1 0 12345 1000 100`;

describe('the state of a process', () => {
  test.each([
    ['R', 'runs'],
    ['S', 'runs'],
    ['D', 'runs'],
    ['T', 'stopped'],
    ['t', 'stopped'],
    ['Z', 'ended'],
    ['X', 'ended'],
  ])('state %s: %s', (state, expected) => {
    expect(parseSight(stat(state)).state).toBe(expected);
    expect(parseSight(stat(state, 'a) T (b')).state).toBe(expected);
  });

  test('includes the CPU time used so far', () => {
    expect(parseSight(stat('S')).cpuTicks).toBe(100);
  });

  test('is seen as it is stopped, continued and killed', async () => {
    const child = spawn('sh', ['-c', 'sleep 600; :'], { stdio: 'ignore' });
    const pid = child.pid!;
    const until = async (state: string): Promise<void> => {
      while (sightOf(pid).state !== state) await sleep(5);
    };
    try {
      await until('runs');
      child.kill('SIGSTOP');
      await until('stopped');
      expect(sightOf(pid).how).toContain('kill -CONT');
      child.kill('SIGCONT');
      await until('runs');
      while (childOf(pid) === null) await sleep(5);
      const grandchild = childOf(pid)!;
      expect(childOf(grandchild)).toBeNull();
      process.kill(grandchild, 'SIGKILL');
    } finally {
      child.kill('SIGKILL');
    }
    await once(child, 'exit');
    expect(sightOf(pid).state).toBe('ended');
  });
});

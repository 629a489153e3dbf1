import { describe, expect, test } from '@jest/globals';
import { every, sleep } from '#hosts/clock';
import { VirtualClock } from '#hosts/simulation/virtual-clock';
import { Waiters } from '#hosts/transfer/waiters';

const never = new Promise<void>(() => undefined);

describe('virtual time', () => {
  test('runs events by time, and events of the same time in the order they were set', async () => {
    const clock = new VirtualClock();
    const startMs = clock.nowMs();
    const seen: [string, number][] = [];
    const see = (name: string) => () => seen.push([name, clock.nowMs() - startMs]);
    const done = new Promise<void>((resolve) => {
      clock.timer(5, see('b'));
      clock.timer(5, see('c'));
      clock.timer(1, () => {
        see('a')();
        clock.timer(4, see('d'));
        clock.soon(see('at once'));
      });
      clock.timer(9, resolve);
    });
    await clock.run(done, 100);
    expect(seen).toEqual([
      ['a', 1],
      ['at once', 1],
      ['b', 5],
      ['c', 5],
      ['d', 5],
    ]);
  });

  test('moves on only when everything that an event caused is done', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    clock.timer(1, () => {
      void (async () => {
        for (let step = 0; step < 50; step++) await Promise.resolve();
        seen.push('all steps');
      })();
    });
    clock.timer(1.001, () => seen.push('next event'));
    await clock.run(sleep(clock, new Waiters(), 2), 10);
    expect(seen).toEqual(['all steps', 'next event']);
  });

  test('stands still while work is done elsewhere, then advances by the time stated for it', async () => {
    const clock = new VirtualClock();
    const startMs = clock.nowMs();
    const seen: [string, number][] = [];
    clock.timer(1, () => {
      const work = new Promise<string>((resolve) => setTimeout(resolve, 20, 'worked'));
      void clock.during(work, 3).then((result) => seen.push([result, clock.nowMs() - startMs]));
    });
    clock.timer(2, () => seen.push(['meanwhile', clock.nowMs() - startMs]));
    await clock.run(sleep(clock, new Waiters(), 10), 100);
    expect(seen).toEqual([
      ['meanwhile', 2],
      ['worked', 4],
    ]);
  });

  test('what is cancelled does not happen', async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    const cancel = clock.timer(1, () => seen.push(1));
    const stop = every(clock, 2, () => seen.push(2));
    clock.timer(5, stop);
    cancel();
    await clock.run(sleep(clock, new Waiters(), 20), 100);
    expect(seen).toEqual([2, 2]);
  });

  test.each([
    ['nothing is left', () => undefined],
    ['only what nobody awaits is left', (clock: VirtualClock) => every(clock, 1, () => undefined)],
  ])('reports that it never ends when %s', async (_, set) => {
    const clock = new VirtualClock();
    set(clock);
    await expect(clock.run(never, 1e6)).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(clock.events).toBe(0);
  });

  test('has a limit', async () => {
    const clock = new VirtualClock();
    const again = (): void => void clock.timer(10, again);
    again();
    await expect(clock.run(never, 1000)).rejects.toThrow('nothing came of');
    expect(clock.events).toBe(100);
  });

  test('an event that throws ends the run', async () => {
    const clock = new VirtualClock();
    clock.timer(1, () => {
      throw new Error('broken');
    });
    await expect(clock.run(never, 10)).rejects.toThrow('broken');
  });
});

import { expect, test } from '@jest/globals';
import { replayOf } from '#harness/prediction/replay';
import { paperHistory } from '#test/support/histories';
import { loopbackGuest } from '#test/support/loopback-migration';

/** What a history's replay writes in this many steps, and at which rate; its thread ends after each of `stints`. */
const replayed = (runs: readonly (readonly number[])[], startMs: number, stints: readonly number[]) => {
  const workloadOf = replayOf(paperHistory(runs), startMs);
  const registers = new Int32Array(15);
  const steps: [page: number | null, perSecond: number][] = [];
  for (const count of stints) {
    const context = { config: loopbackGuest.workload, slice: { first: 0, pages: 0 }, vcpu: 0, vcpus: 1, pageCount: 1000, registers }; // prettier-ignore
    const workload = workloadOf(context);
    for (let step = 0; step < count; step++) {
      const rate = workload.stepsPerSecond;
      let written: number | null = null;
      workload.step({ read: () => 0, write: (page) => (written = page) }, () => 0);
      steps.push([written, rate]);
    }
  }
  return steps;
};

const history = [[10, 2, 20, 1], [], [5, 1]];

test('writes the pages of each interval in its time, and starts over at the end', () => {
  expect(replayed(history, 0, [8])).toEqual([
    [10, 30],
    [11, 30],
    [20, 30],
    // An interval without pages takes its time, too.
    [null, 10],
    [5, 10],
    [10, 30],
    [11, 30],
    [20, 30],
  ]);
});

test('begins in the interval of the given moment', () => {
  expect(replayed(history, 250, [2]).map(([page]) => page)).toEqual([5, 10]);
});

test('continues where it was, from the registers, at the destination', () => {
  expect(replayed(history, 100, [2, 3, 4])).toEqual(replayed(history, 100, [9]));
});

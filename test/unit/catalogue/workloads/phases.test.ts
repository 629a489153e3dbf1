import { expect, test } from '@jest/globals';
import { nextRandom } from '#catalogue/contents/parts/pool';
import { inPhases } from '#catalogue/workloads/parts/phases';
import type { Phase } from '#catalogue/workloads/parts/phases';
import { workloads } from '#catalogue/workloads';
import { parseScenario } from '#harness/scenario';
import { loopbackGuest } from '#test/support/loopback-migration';

const slice = { first: 100, pages: 200 };
const phases: readonly [Phase, Phase] = [
  { durationMs: 500, pagesPerSecond: 400, writes: { hotShare: 0.1, hotWrites: 1 } },
  { durationMs: 250, pagesPerSecond: 2000, writes: 'sequential' },
];

/** Page and rate of each step of one of two vCPUs. */
const stepped = (factor: number, ...stints: number[]): { page: number; perSecond: number }[] => {
  const registers = new Int32Array(15);
  const all: { page: number; perSecond: number }[] = [];
  let state = 1;
  const random = (): number => (state = nextRandom(state) >>> 0);
  for (const steps of stints) {
    const context = { config: loopbackGuest.workload, slice, vcpu: 0, vcpus: 2, pageCount: 1000, registers };
    const workload = inPhases(phases, context, factor);
    const write = (page: number) =>
      all.push({ page: page - slice.first, perSecond: workload.stepsPerSecond });
    for (let step = 0; step < steps; step++) workload.step({ read: () => 0, write }, random);
  }
  return all;
};

test('phases follow each other at their rates, and each vCPU has its share', () => {
  // 100 steps at 200/s, 250 at 1000/s.
  const rates = stepped(1, 700).map(({ perSecond }) => perSecond);
  expect(rates).toEqual(rates.map((_, at) => (at % 350 < 100 ? 200 : 1000)));
});

test('the intensity multiplies the rates, and leaves durations as they are', () => {
  const rates = stepped(0.5, 350).map(({ perSecond }) => perSecond);
  expect(rates).toEqual(rates.map((_, at) => (at % 175 < 50 ? 100 : 500)));
});

test('a hot part is hit at random, and a sweep continues where the last one ended', () => {
  const pages = stepped(1, 700).map(({ page }) => page);
  const hot = pages.slice(0, 100);
  expect(Math.max(...hot)).toBeLessThan(20);
  expect(new Set(hot).size).toBeGreaterThan(10);
  expect(pages.slice(100, 350)).toEqual(Array.from({ length: 250 }, (_, at) => at % 200));
  expect(pages.slice(450, 453)).toEqual([50, 51, 52]);
});

test('its state is in the registers', () => {
  expect(stepped(1, 30, 400, 170)).toEqual(stepped(1, 600));
});

test.each(['cpu', 'web', 'sfs', 'mr'])(
  'preset %s takes a region and an intensity, and no dirty rate',
  (name) => {
    expect(workloads.get(name)).toMatchObject({ hasRegion: true, hasDirtyRate: false });
    const parse = (workload: string) => parseScenario({ workload }, {}, []);
    expect(parse(`${name}:64MiB,intensity=0.25`).scenario?.workload).toMatchObject({ intensity: 0.25 });
    expect(parse(`${name}:64MiB@1000`).problems).toHaveLength(1);
  },
);

import { describe, expect, test } from '@jest/globals';
import cyclic from '#catalogue/workloads/cyclic';
import { parseScenario } from '#harness/scenario';
import { loopbackGuest } from '#test/support/loopback-migration';

const parameters = { periodMs: 1000, lowRate: 200, highRate: 2000 };
const slice = { first: 100, pages: 30 };

/** Steps of one of two vCPUs, in a number of stints, each by a new workload object: page, and rate before the step. */
const stepped = (...stints: number[]): { page: number; perSecond: number }[] => {
  const config = { ...loopbackGuest.workload, name: 'cyclic', ...parameters };
  const registers = new Int32Array(15);
  const all: { page: number; perSecond: number }[] = [];
  for (const steps of stints) {
    const workload = cyclic.create({ config, slice, vcpu: 0, vcpus: 2, pageCount: 1000, registers });
    const memory = {
      read: () => 0,
      write: (page: number) => all.push({ page: page - slice.first, perSecond: workload.stepsPerSecond }),
    };
    for (let step = 0; step < steps; step++) workload.step(memory, () => 0);
  }
  return all;
};

describe('cyclic', () => {
  test('spends half a period at each rate in turn, with a share of the rate on each vCPU', () => {
    const rates = stepped(1200).map(({ perSecond }) => perSecond);
    // Half a second of 100/s, half a second of 1000/s, and again.
    const expected = (at: number): number => (at % 550 < 50 ? 100 : 1000);
    expect(rates).toEqual(rates.map((_, at) => expected(at)));
  });

  test('rewrites its slice from end to end, whatever the rate', () => {
    const pages = stepped(120).map(({ page }) => page);
    expect(pages).toEqual(pages.map((_, at) => at % slice.pages));
  });

  test('continues at the destination where it was, in the middle of a half', () => {
    expect(stepped(30, 400, 170)).toEqual(stepped(600));
  });

  test('takes its own parameters, and no dirty rate', () => {
    const parse = (workload: string) => parseScenario({ workload }, {}, []);
    const { scenario } = parse('cyclic:64MiB,periodMs=500,highRate=9000');
    expect(scenario?.workload).toEqual({
      name: 'cyclic',
      regionBytes: 64 << 20,
      dirtyRatePagesPerSecond: 0,
      content: 'random',
      periodMs: 500,
      lowRate: 1000,
      highRate: 9000,
    });
    expect(parse('cyclic:64MiB@5000').problems).toEqual([
      expect.stringMatching(/^workload\.dirtyRate: belongs to .*; cyclic takes region, content, periodMs/),
    ]);
    expect(parse('cyclic:64MiB,periodMs=5').problems).toEqual([
      'workload.periodMs: expected a whole number from 20 to 3600000, got "5"',
    ]);
    expect(parse('stress:64MiB,lowRate=5').problems).toEqual([
      expect.stringMatching(/^workload\.lowRate: belongs to cyclic; stress takes/),
    ]);
  });
});

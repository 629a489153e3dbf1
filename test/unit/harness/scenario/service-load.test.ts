import { describe, expect, test } from '@jest/globals';
import { overridesOf } from '#harness/cli/run-options';
import type { Section } from '#harness/scenario';
import { parseScenario } from '#harness/scenario';

const parse = (document: Section, options: Record<string, unknown> = {}) =>
  parseScenario({ link: 'lan-1g', driver: 'netns', ...document }, overridesOf(options), ['lan-1g']);
const service = { workload: 'service:64MiB' };

describe('the load on a service', () => {
  test('text, number and section say the same', () => {
    const expected = { rate: 3000, arrivals: 'uniform', timeoutMs: 1000 };
    for (const load of ['3000', 3000, { rate: 3000 }]) {
      const { scenario, problems } = parse({ ...service, load });
      expect(problems).toEqual([]);
      expect(scenario?.load).toEqual(expected);
    }
    expect(parse(service, { load: '500,arrivals=poisson,timeoutMs=250' }).scenario?.load).toEqual({
      ...{ rate: 500, arrivals: 'poisson', timeoutMs: 250 },
    });
  });

  test.each([
    [{ ...service, load: '0' }, 'load.rate: expected a number above 0 and up to 50000'],
    [{ ...service, load: '10,arrivals=bursts' }, 'load.arrivals: '],
    [{ ...service, load: { rate: 10, users: 3 } }, 'users'],
    [
      { workload: 'idle', load: '10' },
      'load: belongs to a workload that answers requests (service); idle answers none',
    ],
    [service, 'load: workload service needs requests to answer'],
    [
      { workload: 'service:64MiB,responseBytes=64', load: '10' },
      'workload.responseBytes: expected at least 88, for the versions of 10 pages, got 64',
    ],
    [{ ...service, load: '10', driver: 'sim' }, 'workload: service: driver sim models neither'],
    [{ workload: 'service:64MiB@100', load: '10' }, 'workload.dirtyRate: belongs to'],
  ])('%j: refused', (document, problem) => {
    expect(parse(document as Section).problems.join('\n')).toContain(problem);
  });

  test('no load: the scenario says nothing of it', () => {
    expect(parse({ workload: 'idle' }).scenario).not.toHaveProperty('load');
  });
});

import { describe, expect, test } from '@jest/globals';
import { parseScenario } from '#harness/scenario';
import { overridesOf } from '#harness/cli/run-options';

const parse = (document: unknown) => parseScenario(document, {}, ['coleraine-dublin']);
const problemsOf = (document: unknown): string => parse(document).problems.join('\n');
const usual = { share: 0.66, at: ['source', 'destination'], nice: 0 };

describe('hosts and hostLoad', () => {
  test('without them the scenario says nothing of either', () => {
    const { scenario } = parse(null);
    expect(scenario).not.toHaveProperty('hosts');
    expect(scenario).not.toHaveProperty('hostLoad');
  });

  test.each<[unknown, object]>([
    [0.66, usual],
    ['.66', usual],
    [{ share: 0.66 }, usual],
    ['.5,at=source,nice=5', { share: 0.5, at: ['source'], nice: 5 }],
    [
      { share: 0.5, at: ['destination'] },
      { share: 0.5, at: ['destination'], nice: 0 },
    ],
    ['.66,at=source+destination', usual],
  ])('%j', (hostLoad, expected) => {
    const { scenario, problems } = parse({ hosts: { cpus: 1 }, hostLoad });
    expect(problems).toEqual([]);
    expect(scenario!.hosts).toEqual({ cpus: 1 });
    expect(scenario!.hostLoad).toEqual(expected);
  });

  test('as options', () => {
    const { scenario } = parseScenario({}, overridesOf({ hostCpus: '1.5', hostLoad: '.66' }), []);
    expect(scenario!.hosts).toEqual({ cpus: 1.5 });
    expect(scenario!.hostLoad).toEqual(usual);
  });

  test.each<[object, string]>([
    [{ hostLoad: 0.66 }, 'set hosts.cpus'],
    [{ hosts: { cpus: 0 } }, 'hosts.cpus: expected a number from 0.05'],
    [{ hosts: { cpus: 1 }, hostLoad: 1 }, 'hostLoad.share: expected a number from 0.05 to 0.95'],
    [{ hosts: { cpus: 1 }, hostLoad: { nice: 3 } }, 'hostLoad.share: expected'],
    [{ hosts: { cpus: 1 }, hostLoad: '.5,at=wan' }, 'hostLoad.at: '],
    [{ hosts: { cpus: 1 }, hostLoad: '.5,at=source+source' }, 'each once'],
    [{ hosts: { cpus: 1 }, hostLoad: '.5,nice=20' }, 'hostLoad.nice: '],
    [{ hosts: { cpus: 1 }, driver: 'sim' }, "driver sim doesn't model the hosts' CPUs"],
  ])('%j is refused', (document, problem) => {
    expect(problemsOf(document)).toContain(problem);
  });
});

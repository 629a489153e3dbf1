import { describe, expect, test } from '@jest/globals';
import type { Section } from '#harness/scenario';
import { parseScenario } from '#harness/scenario';
import { overridesOf } from '#harness/cli/run-options';

const parse = (document: unknown, overrides: Section = {}) =>
  parseScenario(document, overrides, ['lan-930m', 'lan-1g']);
const trafficOf = (traffic: unknown) => {
  const { scenario, problems } = parse({ link: 'lan-1g', traffic });
  expect(problems).toEqual([]);
  return scenario!.traffic;
};
const problemsOf = (traffic: unknown, more: object = {}): string =>
  parse({ link: 'lan-930m', traffic, ...more }).problems.join('\n');

const ping = {
  ...{ kind: 'ping', rateMbps: 650, direction: 'both' },
  ...{ packetBytes: 1400, windowBytes: 'auto', from: 'source' },
};

describe('traffic', () => {
  test.each([undefined, 'none', []])('%j: the scenario says nothing of it', (traffic) => {
    const { scenario, problems } = parse({ link: 'lan-1g', traffic });
    expect(problems).toEqual([]);
    expect(scenario).not.toHaveProperty('traffic');
  });

  test('text, a list of texts and a list of sections say the same', () => {
    expect(trafficOf('ping:650')).toEqual([ping]);
    expect(trafficOf(['ping:650'])).toEqual([ping]);
    expect(trafficOf([{ kind: 'ping', rateMbps: 650 }])).toEqual([ping]);
  });

  test('several flows, with their keys', () => {
    expect(trafficOf('ping:100,windowBytes=64KiB,direction=forward; tcp:50,from=destination;udp:9')).toEqual([
      { ...ping, rateMbps: 100, windowBytes: 65_536, direction: 'forward' },
      { ...ping, kind: 'tcp', rateMbps: 50, direction: 'forward', from: 'destination' },
      { ...ping, kind: 'udp', rateMbps: 9, direction: 'forward' },
    ]);
  });

  test("the command line's option replaces the file's", () => {
    const { scenario } = parse({ link: 'lan-1g', traffic: 'tcp:5' }, overridesOf({ traffic: 'ping:650' }));
    expect(scenario!.traffic).toEqual([ping]);
  });

  test.each<[unknown, string]>([
    ['pong:5', 'flow 1: kind: expected ping, tcp, udp, got "pong"'],
    ['ping', 'rateMbps: expected above 0'],
    ['ping:0', 'rateMbps: expected above 0'],
    ['ping:5,windowByte=3', 'did you mean "windowBytes"'],
    ['tcp:5,packetBytes=100', 'packetBytes: belongs to ping and udp'],
    ['udp:5,windowBytes=1MiB', 'windowBytes: belongs to ping'],
    ['ping:5,packetBytes=1473', 'packetBytes: expected 64 to 1472'],
    ['ping:5,windowBytes=1000', 'windowBytes: expected at least one packet of 1400'],
    ['ping:1;ping:1;ping:1;ping:1;ping:1', 'expected at most 4 flows, got 5'],
    [5, 'expected flows like ping:650'],
    [[null], 'flow 1: expected a flow like ping:650'],
  ])('%j is refused', (traffic, problem) => {
    expect(problemsOf(traffic)).toContain(problem);
  });

  test('what the link never carries is refused, by direction', () => {
    expect(problemsOf('ping:930')).toBe('');
    expect(problemsOf('ping:931')).toContain('never carries');
    expect(problemsOf('udp:500;udp:500')).toContain('1000 Mb/s offered to the destination');
    expect(problemsOf('udp:500;udp:500,from=destination')).toBe('');
    expect(problemsOf('udp:500;ping:500,from=destination')).toContain('to the destination');
  });

  test('driver sim models none', () => {
    expect(problemsOf('ping:5', { driver: 'sim' })).toContain('driver sim models no traffic');
    expect(problemsOf('none', { driver: 'sim' })).toBe('');
  });
});

import { describe, expect, test } from '@jest/globals';
import { parseScenario } from '#harness/scenario/parse';
import type { Section } from '#harness/scenario/shorthand';
import type { Scenario } from '#harness/scenario/types';
import {
  capabilityDefinition,
  capabilityNames,
  defaultCapabilities,
  settingsOf,
} from '#catalogue/capabilities';

const links = ['coleraine-dublin'];
const valid = (document: Section, overrides: Section = {}): Scenario => {
  const { scenario, problems } = parseScenario(document, overrides, links);
  expect(problems).toEqual([]);
  return scenario!;
};
const problemsOf = (document: Section): readonly string[] => parseScenario(document, {}, links).problems;

const preempt = { 'postcopy-preempt': true };

describe('capabilities', () => {
  test('are written as a list or as a section, and the command line adds to the file', () => {
    const asText = valid({ strategy: 'pre-copy', capabilities: 'xbzrle=128, zero-page-detection=off' });
    const section = { xbzrle: 128, 'zero-page-detection': false };
    expect(asText.capabilities).toEqual({ ...preempt, xbzrle: 128 });
    expect(valid({ strategy: 'pre-copy', capabilities: section }).capabilities).toEqual({
      ...preempt,
      xbzrle: 128,
    });
    const both = valid({ strategy: 'pre-copy', capabilities: section }, { capabilities: 'xbzrle' });
    expect(both.capabilities).toEqual({ ...preempt, xbzrle: 64 });
    expect(valid({}).capabilities).toEqual(defaultCapabilities);
  });

  test('what the command line turns off is off', () => {
    const scenario = valid({ strategy: 'pre-copy', capabilities: 'xbzrle' }, { capabilities: 'xbzrle=off' });
    expect(scenario.capabilities).toEqual(defaultCapabilities);
  });

  test('say how they change the transfer', () => {
    const settings = (capabilities: string) => settingsOf(valid({ capabilities }).capabilities);
    expect(settings('multifd=4,uniform-pages')).toMatchObject({ channels: 4, faults: 'preempt' });
    expect(settings('postcopy-preempt=off').faults).toBe('in-stream');
    expect(settings('postcopy-preempt=blocking').faults).toBe('blocking');
    expect(settings('zero-page-detection=off,tls')).toMatchObject({ zeroPages: false, isEncrypted: true });
  });

  test('reports every problem at once', () => {
    const [problem] = problemsOf({ capabilities: 'xbzlre,multifd=17,zero-page-detection=3,xbzrle=1.5' });
    expect(problem).toMatch(/^capabilities: unknown capability "xbzlre"; did you mean "xbzrle"\?/);
    expect(problem).toMatch(/multifd: expected a whole number from 1 to 16 .*, off, got "17"/);
    expect(problem).toMatch(/zero-page-detection: expected on or off, got "3"/);
    expect(problem).toMatch(/xbzrle: expected .* got "1.5"/);
    expect(problemsOf({ capabilities: 5 })[0]).toMatch(/expected names like auto-converge/);
  });

  test.each([
    ['post-copy', {}, /^capabilities: xbzrle: post-copy sends no page twice/],
    ['hybrid', {}, /^capabilities: xbzrle: hybrid with one round sends no page twice/],
  ])('that make no sense in a migration are refused (%s)', (strategy, limits, pattern) => {
    expect(problemsOf({ strategy, limits, capabilities: 'xbzrle' })).toEqual([
      expect.stringMatching(pattern),
    ]);
    valid({ strategy: 'hybrid', limits: { hybridRounds: 2 }, capabilities: 'xbzrle' });
  });

  test.each(capabilityNames)('%s says what it does, in a line', (name) => {
    expect(capabilityDefinition(name).help).toMatch(/^.{20,110}$/);
  });
});

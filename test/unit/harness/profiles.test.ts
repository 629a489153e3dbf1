import { describe, expect, test } from '@jest/globals';
import { listProfiles, loadProfile, parseProfile } from '#harness/profiles';
import { rttMsOf } from '#proto/link';

const problemsOf = (act: () => unknown): readonly string[] => {
  try {
    act();
  } catch (error) {
    expect(error).toMatchObject({ code: 'BAD_INPUT' });
    return (error as { problems: readonly string[] }).problems;
  }
  throw new Error('expected a refusal');
};

describe('the bundled profiles', () => {
  test.each(listProfiles())('%s is valid and named like its file', (name) => {
    expect(loadProfile(name).name).toBe(name);
  });

  test.each([
    ['lan-1g', 1_000, 0.2],
    ['lan-10g', 10_000, 0.2],
    ['coleraine-dublin', 10_000, 5.5],
    ['coleraine-dublin-1g', 1_000, 5.5],
    ['coleraine-dublin-7g', 7_000, 5.5],
    ['coleraine-halifax', 10_000, 52.5],
    ['coleraine-halifax-1g', 1_000, 52.5],
    ['coleraine-halifax-3g', 3_000, 52.5],
  ])('%s runs at %d Mb/s with %d ms round trip', (name, rateMbps, rttMs) => {
    const profile = loadProfile(name);
    expect(profile.sourceToDestination.rateMbps).toBe(rateMbps);
    expect(profile.destinationToSource.rateMbps).toBe(rateMbps);
    expect(rttMsOf(profile)).toBeCloseTo(rttMs);
  });
});

describe('a profile file', () => {
  test('may set each direction by itself; jitter and loss default to none', () => {
    const text = `
name: dsl
description: asymmetric
sourceToDestination: { rateMbps: 20, delayMs: 10, bufferMs: 100, lossPercent: 0.1 }
destinationToSource: { rateMbps: 100, delayMs: 12, bufferMs: 50 }
`;
    expect(parseProfile(text, 'dsl.yaml')).toMatchObject({
      sourceToDestination: { rateMbps: 20, lossPercent: 0.1, jitterMs: 0 },
      destinationToSource: { rateMbps: 100, delayMs: 12, lossPercent: 0 },
    });
  });

  test('every problem is reported at once, with the nearest key', () => {
    const text = 'name: Bad Name\nboth: { rateMpbs: 10, delayMs: -1, bufferMs: 5, lossPercent: 70 }\n';
    const problems = problemsOf(() => parseProfile(text, 'bad.yaml')).join('\n');
    for (const part of [
      /name: /,
      /description: /,
      /both\.rateMbps: /,
      /both\.delayMs: /,
      /both\.lossPercent: /,
      /"rateMpbs"; did you mean "rateMbps"/,
    ])
      expect(problems).toMatch(part);
  });

  test('both and a single direction exclude each other', () => {
    const one = '{ rateMbps: 10, delayMs: 1, bufferMs: 5 }';
    const text = `name: x\ndescription: x\nboth: ${one}\nsourceToDestination: ${one}\n`;
    expect(problemsOf(() => parseProfile(text, 'x.yaml')).join()).toMatch(/sourceToDestination: .*the two/);
    expect(problemsOf(() => parseProfile('name: x\ndescription: x\n', 'x.yaml'))).toHaveLength(2);
  });

  test('a file that isn’t YAML or isn’t there is refused', () => {
    expect(problemsOf(() => parseProfile('name: [', 'x.yaml')).join()).toMatch(/^x\.yaml: .* at line 1/);
    expect(problemsOf(() => loadProfile('./no/such.yaml')).join()).toMatch(/there is no such file/);
  });
});

test('for an unknown name, the nearest one is suggested', () => {
  expect(problemsOf(() => loadProfile('colerain-dublin')).join()).toMatch(/did you mean "coleraine-dublin"/);
});

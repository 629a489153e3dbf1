import { describe, expect, test } from '@jest/globals';
import { overridesOf } from '#harness/cli/run-options';
import { parseScenario } from '#harness/scenario';
import { readThresholds, thresholdNames } from '#harness/thresholds/threshold';

const parse = (thresholds: unknown) => parseScenario({ thresholds }, {}, []);
const one = (name: string, text: unknown) => readThresholds({ [name]: text });

describe('a threshold', () => {
  test.each<[string, string, string, number]>([
    ['downtimeMs', 'p95 < 300', 'p95', 300],
    ['downtimeMs', 'p(95)<300', 'p95', 300],
    ['downtimeMs', '< 300ms', 'every', 300],
    ['measurement.downtimeMs', 'max <= 0.3 s', 'max', 300],
    ['totalTimeMs', 'med < 2min', 'med', 120_000],
    ['faults.p99Us', 'avg < 20ms', 'avg', 20_000],
    ['cpu.source.agentS', '< 500ms', 'every', 0.5],
    ['ram.transferred', '< 2 GiB', 'every', 2 * 1024 ** 3],
    ['ram.transferred', 'MAX < 4096', 'max', 4096],
    ['pageGoodputMbps', '> 0.9 Gb/s', 'every', 900],
    ['hostLoad.source.achieved', '>= 50%', 'every', 0.5],
    ['integrity.mismatches', '== 0', 'every', 0],
    ['downtimeMs', 'count >= 3', 'count', 3],
    ['observed.latency.during.p99Ms', 'min != 0', 'min', 0],
  ])('%s: %s', (name, text, aggregate, value) => {
    const { thresholds, problems } = one(name, text);
    expect(problems).toEqual([]);
    expect(thresholds).toMatchObject([{ aggregate, text }]);
    expect(thresholds[0]!.value).toBeCloseTo(value, 9);
  });

  test.each<[string, unknown, string]>([
    ['downtimMs', '< 300', 'did you mean "downtimeMs"'],
    ['ram.transfered', '< 1', 'did you mean "ram.transferred"'],
    ['zzzzzzzzzzzzzzz', '< 1', 'docs/figures.md'],
    ['downtimeMs', 'p96 < 300', 'unknown aggregate "p96"; did you mean "p90"'],
    ['downtimeMs', '300', 'expected a bound like'],
    ['downtimeMs', '< fast', 'expected a time like 300 (ms), 1.5s or 2min after <, got "fast"'],
    ['downtimeMs', '< 2 GiB', 'expected a time like'],
    ['downtimeMs', '<', 'expected a time like'],
    ['downtimeMs', 'count > 2s', 'expected a number like 3'],
    ['ram.transferred', '< 2GB', 'expected a size like'],
    ['ram.transferred', 5, 'expected a bound like'],
    ['ram.transferred', [], 'got none'],
    ['ram.transferred', '< '.repeat(200), 'expected a bound like'],
  ])('%s: %j is refused', (name, text, problem) => {
    const { thresholds, problems } = one(name, text);
    expect(thresholds).toEqual([]);
    expect(problems.map((each) => each.problem).join()).toContain(problem);
  });

  test('of every figure has a name', () => {
    expect(thresholdNames).toEqual(expect.arrayContaining(['downtimeMs', 'ram.transferred', 'durationMs']));
    expect(new Set(thresholdNames).size).toBe(thresholdNames.length);
    for (const name of thresholdNames) expect(one(name, '> 0').problems).toEqual([]);
  });
});

describe('the thresholds of a scenario', () => {
  test('may be several for one figure, also as an option', () => {
    const wanted = [
      { figure: 'measurement.downtimeMs', aggregate: 'p95', operator: '<', value: 300 },
      { figure: 'measurement.downtimeMs', aggregate: 'med', operator: '<', value: 100 },
      { figure: 'measurement.ram.transferred', aggregate: 'every', operator: '<', value: 1024 ** 3 },
    ];
    const section = { downtimeMs: ['p95 < 300', 'med < 100'], 'ram.transferred': '< 1GiB' };
    expect(parse(section).scenario!.thresholds).toMatchObject(wanted);
    const text = 'downtimeMs: p95 < 300; downtimeMs: med < 100; ram.transferred: < 1GiB;';
    expect(parseScenario({}, overridesOf({ thresholds: text }), []).scenario!.thresholds).toMatchObject(
      wanted,
    );
  });

  test('without them the scenario says nothing of them', () => {
    expect(parseScenario({}, {}, []).scenario).not.toHaveProperty('thresholds');
  });

  test('are refused with all problems at once', () => {
    const { problems } = parse({ downtimMs: '< 1', 'ram.transferred': '< much', totalTimeMs: '< 5s' });
    expect(problems).toEqual([
      expect.stringMatching(/^thresholds\.downtimMs: unknown figure/),
      expect.stringMatching(/^thresholds\.ram\.transferred: expected a size/),
    ]);
    expect(parse(7).problems.join()).toContain('thresholds: expected figures with bounds');
  });
});

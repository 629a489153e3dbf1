import { describe, expect, test } from '@jest/globals';
import { settingsOf } from '../../../../harness/trends/cells.ts';
import { judge, trends } from '../../../../harness/trends/index.ts';
import { judgeCheck } from '../../../../harness/trends/judge-check.ts';
import type { CheckId } from '../../../../harness/trends/tolerances.ts';
import { checkIds, tolerances } from '../../../../harness/trends/tolerances.ts';
import type { TrendVerdict, VerdictName } from '../../../../harness/trends/verdict.ts';
import type { ErrorCode } from '../../../../proto/errors.ts';
import { documentsAsRuns } from '../../../support/documents-as-runs.ts';
import { holdingRuns, negativeControls } from '../../../support/negative-controls.ts';
import { physicalRuns } from '../../../support/physical-model.ts';
import type { PaperRun } from '../../../support/trend-runs.ts';
import { trendRun } from '../../../support/trend-runs.ts';

const judged = (runs: readonly PaperRun[]): Map<string, TrendVerdict> =>
  new Map(judge(runs.map(trendRun)).map((verdict) => [verdict.id, verdict]));
/** One check alone, which is much quicker. */
const judgedOne = (runs: readonly PaperRun[], id: string): TrendVerdict => {
  const trend = trends.find(({ checks }) => checks.some((check) => check.id === id))!;
  const check = trend.checks.find((each) => each.id === id)!;
  const [setting] = settingsOf(runs.map(trendRun), trend.experiment);
  return judgeCheck(trend, check, setting!, { accounting: 'payload' });
};
const verdictsOf = (runs: readonly PaperRun[]): Record<string, VerdictName> =>
  Object.fromEntries([...judged(runs)].map(([id, { verdict }]) => [id, verdict]));
const idsWith = (runs: readonly PaperRun[], name: VerdictName): string[] =>
  [...judged(runs)].filter(([, { verdict }]) => verdict === name).map(([id]) => id);

const holding = holdingRuns();
const controls = Object.entries(negativeControls).map(([id, control]) => ({ id, ...control }));

test('every check has a tolerance, and every tolerance a check', () => {
  const ids = trends.flatMap(({ checks }) => checks.map(({ id }) => id));
  expect([...ids].sort()).toEqual([...checkIds].sort());
  expect(trends.map(({ trend }) => trend)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

describe("the documents' own tables", () => {
  const verdicts = judged(documentsAsRuns());

  test('pass every check of what they claim', () => {
    const others = [...verdicts].filter(([, { verdict }]) => verdict !== 'holds');
    expect(Object.fromEntries(others.map(([id, { verdict }]) => [id, verdict]))).toEqual({
      // No such control, a capped sender, blocking faults, and bytes against physics are what the documents have.
      '2b': 'not measured',
      '3b': 'fails',
      '10b': 'fails',
      '11a': 'contested',
      '11b': 'fails',
    });
  });

  test.each(checkIds.filter((id) => tolerances[id].published !== null))(
    "%s: the frozen published value is what the documents' tables give",
    (id) => {
      expect(verdicts.get(id)!.estimate!.value).toBeCloseTo(tolerances[id].published!, 3);
    },
  );
});

describe('each check has a negative control', () => {
  test('for a set of runs on which all of them hold', () => {
    expect(idsWith(holding, 'holds')).toEqual(
      trends.flatMap(({ checks }) => checks.map(({ id }) => id)).filter((id) => id !== '11a'),
    );
    expect(Object.keys(negativeControls).sort()).toEqual(checkIds.filter((id) => id !== '11a').sort());
  });

  test.each(controls)('$id fails with $setup', ({ id, spoil }) => {
    const verdict = judgedOne(spoil(holding), id);
    expect(verdict.verdict).toBe('fails');
    expect(verdict.explanation).not.toBeNull();
  });

  test('11a is contested whatever is found', () => {
    const verdict = judgedOne(holding, '11a');
    expect(verdict.verdict).toBe('contested');
    expect(verdict.explanation).toContain('reproduced by');
    expect(verdict.explanation).toContain('both counted as payload (unloaded 2, loaded 0.54 × RAM)');
    expect(verdict.explanation).not.toContain('baseline counted');
    expect(verdict.measured).toContain('as physics says');
    const physicalOnly = holding.filter(({ cell }) => (cell['mechanism'] ?? 'baseline') === 'baseline');
    expect(judgedOne(physicalOnly, '11a')).toMatchObject({
      verdict: 'contested',
      explanation: 'tried: baseline, each counted in four ways; reproduced by none of them',
    });
    expect(judgedOne(negativeControls['11b'].spoil(holding), '11a').measured).toContain(
      'send less in some flavour',
    );
  });
});

describe('an honest testbed without the overheads of the time', () => {
  const runs = physicalRuns();
  const verdicts = judged(runs);

  test('fails where the documents measured their overhead', () => {
    expect(idsWith(runs, 'fails')).toEqual(['4a', '4b', '7c']);
  });

  const predicted = (id: CheckId, pattern: RegExp): number =>
    Number(pattern.exec(verdicts.get(id)!.explanation!)?.[1]);

  test('and says what it would be with their overhead, which is what that overhead then gives', () => {
    const theirsMs = 5999;
    const withTheirs = physicalRuns({ fixedMs: theirsMs });
    const unloaded = predicted('4a', /would have ([\d.]+) × unloaded/);
    expect(unloaded).toBeCloseTo(judgedOne(withTheirs, '4a').estimate!.value, 1);
    const peak = predicted('4b', /and ([\d.]+) × at the peak/);
    expect(peak).toBeCloseTo(judgedOne(withTheirs, '4b').estimate!.value, 1);
    expect(verdicts.get('4a')!.explanation).toContain('0.3 s that no bandwidth shortens');
  });

  test('the same from scaled guests', () => {
    const scaled = judgedOne(physicalRuns({ guestScale: 1 / 16 }), '4a');
    expect(scaled.explanation).toMatch(/would have 1\.6 × unloaded.*κ_M 1\/16/);
    expect(scaled.guestScales).toEqual([1 / 16]);
  });
});

describe('what is missing', () => {
  test('without runs nothing is measured', () => {
    const verdicts = judge([]);
    expect(verdicts.every(({ verdict }) => verdict === 'not measured')).toBe(true);
    expect(verdicts[0]).toMatchObject({
      measured: null,
      estimate: null,
      explanation: 'no runs of icclab-10g',
    });
  });

  test('two repeats are too few', () => {
    const two = holding.filter(({ repeat }) => repeat < 2);
    // Shares of all runs have enough of them all the same.
    const verdicts = verdictsOf(two);
    const { '6d': converged, ...others } = verdicts;
    expect(converged).toBe('holds');
    expect(new Set(Object.values(others))).toEqual(new Set(['not measured']));
    expect(judgedOne(two, '7c').explanation).toContain(
      'post-copy link=dublin, rate=measured, flavour=t, load=loaded: 2 of 2 runs completed, at least 3 needed',
    );
  });

  test('a cell with too few completed runs is left out of a line, and named', () => {
    const runs = holding
      .filter(({ part }) => part === 'hybrid')
      .map(trendRun)
      .map((run) =>
        run.sweep?.part === 'hybrid' &&
        run.sweep.cell['stressMB'] === 3072 &&
        run.sweep.repeat === 0 &&
        run.state === 'completed'
          ? trendRun({ ...holding[0]!, part: 'hybrid', cell: run.sweep.cell, repeat: 0, error: 'TIMEOUT' })
          : run,
      );
    const verdict = judge(runs).find(({ id }) => id === '1a')!;
    expect(verdict.verdict).toBe('holds');
    expect(verdict.measured).toContain('8 points');
    expect(verdict.explanation).toContain('left out: hybrid link=1G, stressMB=3072: 2 of 3 runs completed');
  });

  test('all ten cells means all ten, but one is enough to refute', () => {
    const nine = holding.filter(
      ({ cell }) => !(cell['link'] === 'halifax' && cell['flavour'] === 'l' && cell['load'] === 'loaded'),
    );
    expect(judgedOne(nine, '8')).toMatchObject({ verdict: 'not measured' });
    expect(judgedOne(nine, '8').explanation).toContain('only 9 of 10 cells measured');
    expect(judgedOne(negativeControls['8'].spoil(nine), '8').verdict).toBe('fails');
  });

  test('a search for the limit without a run on the far side', () => {
    const converged = holding.filter(({ part, error }) => part !== 'pre-copy-limit' || error === undefined);
    expect(judgedOne(converged, '6a')).toMatchObject({ verdict: 'not measured' });
  });
});

describe('hybrid everywhere (6d)', () => {
  /** The first attempt at one repetition ends with `error`; the one that completed comes after it. */
  const firstAttempt = (error: ErrorCode, isMadeAgain: boolean): TrendVerdict => {
    const runs = holding.filter(({ part }) => part === 'hybrid');
    const again = { ...runs[0]!, error };
    return judgedOne([again, ...runs.slice(isMadeAgain ? 0 : 1)], '6d');
  };

  test.each([
    ['TESTBED_FAILED', true, 'holds', '54 of 54'],
    ['TESTBED_FAILED', false, 'holds', '53 of 53'],
    ['TIMEOUT', true, 'holds', '54 of 54'],
    ['TIMEOUT', false, 'fails', '53 of 54'],
    ['INTEGRITY_VIOLATED', true, 'fails', '53 of 54'],
  ] as const)('%s, made again: %s: %s', (error, isMadeAgain, verdict, counted) => {
    const found = firstAttempt(error, isMadeAgain);
    expect(found.verdict).toBe(verdict);
    expect(found.measured).toContain(counted);
  });
});

describe('a verdict', () => {
  test('names its set-up and its runs, and never mixes set-ups', () => {
    const runs = holding.filter(({ part }) => part === 'hybrid').map(trendRun);
    const netem = runs.map((run) => ({
      ...run,
      runId: `${run.runId}-netem`,
      link: { ...run.link, backend: 'netem' as const },
    }));
    const verdicts = judge([...runs, ...netem]).filter(({ id }) => id === '1a');
    expect(verdicts.map(({ backends, drivers }) => [backends, drivers])).toEqual([
      [['nfqueue'], ['netns']],
      [['netem'], ['netns']],
    ]);
    expect(verdicts.map(({ runIds }) => runIds.length)).toEqual([27, 27]);
    expect(verdicts[1]!.runIds.every((runId) => runId.endsWith('-netem'))).toBe(true);
  });

  test('goes by the estimate and says when the interval reaches over the bound', () => {
    // Median downtime difference 0.35 s, but one repeat in three has more than 0.4 s.
    const noisy = holding.map((run): PaperRun =>
      run.part === 'hybrid' && run.cell['link'] === '1G' && run.cell['stressMB'] === 8192
        ? { ...run, downtimeMs: [380, 390, 700][run.repeat]! }
        : run,
    );
    const verdict = judgedOne(noisy, '5a');
    expect(verdict.verdict).toBe('holds');
    expect(verdict.measured).toContain('the interval reaches over the bound');
    expect(verdict.estimate!.high).toBeGreaterThan(0.4);
    expect(judgedOne(holding, '5a').measured).not.toContain('reaches over');
  });

  test('is the same each time', () => {
    expect(judgedOne(holding, '2a')).toEqual(judgedOne(holding, '2a'));
  });

  test('of bytes goes by the accounting that is asked for', () => {
    const table = holding.filter(({ part }) => part === 'data-table').map(trendRun);
    const wire = judge(table, { accounting: 'both-hosts' }).find(({ id }) => id === '11a')!;
    expect(wire.estimate!.value).toBeCloseTo(2.08);
    expect(wire.measured).toContain('counted as both-hosts');
  });
});

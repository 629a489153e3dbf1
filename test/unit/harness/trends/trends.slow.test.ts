import { describe, expect, test } from '@jest/globals';
import { judge } from '#harness/trends/index';
import type { VerdictName } from '#harness/trends/verdict';
import { judged, judgedOne } from '#test/support/judged';
import { holdingRuns, studies } from '#test/support/studies';
import type { PaperRun } from '#test/support/trend-runs';
import { trendRun } from '#test/support/trend-runs';

const verdictsOf = (runs: readonly PaperRun[]): Record<string, VerdictName> =>
  Object.fromEntries([...judged(runs)].map(([id, { verdict }]) => [id, verdict]));

const holding = holdingRuns();

describe('what is missing', () => {
  test('without runs nothing is measured', () => {
    const verdicts = judge([], studies);
    expect(verdicts.every(({ verdict }) => verdict === 'not measured')).toBe(true);
    expect(verdicts.find(({ id }) => id === '1a')).toMatchObject({
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

  test('a cell with too few completed runs is left out of a fit, and named', () => {
    const hybrid = holding.filter(({ part }) => part === 'hybrid');
    const runs = hybrid
      .map(trendRun)
      .map((run) =>
        run.sweep?.part === 'hybrid' &&
        run.sweep.cell['stressMB'] === 3072 &&
        run.sweep.repeat === 0 &&
        run.state === 'completed'
          ? trendRun({ ...hybrid[0]!, cell: run.sweep.cell, repeat: 0, error: 'TIMEOUT' })
          : run,
      );
    const verdict = judge(runs, studies).find(({ id }) => id === '1a')!;
    expect(verdict.verdict).toBe('holds');
    expect(verdict.measured).toContain('8 points');
    expect(verdict.explanation).toContain('left out: hybrid link=1G, stressMB=3072: 2 of 3 runs completed');
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
    const verdicts = judge([...runs, ...netem], studies).filter(({ id }) => id === '1a');
    expect(verdicts.map(({ backends, drivers }) => [backends, drivers])).toEqual([
      [['nfqueue'], ['netns']],
      [['netem'], ['netns']],
    ]);
    expect(verdicts.map(({ runIds }) => runIds.length)).toEqual([27, 27]);
    expect(verdicts[1]!.runIds.every((runId) => runId.endsWith('-netem'))).toBe(true);
  });

  test('goes by the estimate, and says when the interval crosses the bound', () => {
    // Median downtime difference 0.35 s, but one repeat in three has more than 0.4 s.
    const noisy = holding.map((run): PaperRun =>
      run.part === 'hybrid' && run.cell['link'] === '1G' && run.cell['stressMB'] === 8192
        ? { ...run, downtimeMs: [380, 390, 700][run.repeat]! }
        : run,
    );
    const verdict = judgedOne(noisy, '5a');
    expect(verdict.verdict).toBe('holds');
    expect(verdict.measured).toContain('the interval crosses the bound');
    expect(verdict.estimate!.high).toBeGreaterThan(0.4);
    expect(judgedOne(holding, '5a').measured).not.toContain('crosses the bound');
  });

  test('is the same each time', () => {
    expect(judgedOne(holding, '2a')).toEqual(judgedOne(holding, '2a'));
  });
});

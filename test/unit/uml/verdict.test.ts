import { describe, expect, test } from '@jest/globals';
import type { CompletedRun, Evidence, RunResult } from '#harness/result';
import { completedPaperResult } from '#test/support/paper-result';
import { calibrationOf } from '#harness/trends/paper-link';
import { pageCount } from '#test/support/synthetic-migration';
import { isOnlyMistimed, objectionsTo } from '#test/uml/verdict';

const readBack = {
  sourceToDestination: 'qdisc netem; qdisc tbf',
  destinationToSource: 'qdisc netem; qdisc tbf',
};

/** A run as it should end in user-mode Linux. */
const completed = (): CompletedRun => {
  const run = completedPaperResult() as CompletedRun;
  return {
    ...run,
    environment: { ...run.environment, cpuModel: 'UML' },
    link: { ...calibrationOf({ profile: 'uml-wan', mbps: 19, rttMs: 100 }), backend: 'netem', readBack },
    scenario: {
      ...run.scenario,
      guest: { ...run.scenario.guest, ramBytes: pageCount * 4096, baseFootprintBytes: 16 << 20 },
    },
  };
};

/** The same, refused because these cross-checks disagree. */
const refused = (...names: string[]): RunResult => {
  const run = completed();
  return {
    ...run,
    state: 'invalid',
    measurement: null,
    error: { code: 'CROSS_CHECK_FAILED', message: 'two measurements disagree' },
    evidence: { source: null, destination: null, rounds: [], linkCuts: [], measurement: run.measurement },
    crossChecks: run.crossChecks.map((check) =>
      names.includes(check.name) ? { ...check, verdict: 'disagree' } : check,
    ),
  };
};

describe('the verdict on a run in user-mode Linux', () => {
  test('accepts one that completed, or that is only mistimed', () => {
    expect(objectionsTo(completed())).toEqual([]);
    expect(isOnlyMistimed(completed())).toBe(false);
    expect(isOnlyMistimed(refused('downtime'))).toBe(true);
    expect(objectionsTo(refused('downtime'))).toEqual([]);
  });

  test('does not blame timing for bytes that disagree', () => {
    expect(objectionsTo(refused('wire-bytes'))).toEqual(['invalid: two measurements disagree']);
    expect(objectionsTo(refused('downtime', 'wire-bytes'))).toHaveLength(1);
  });

  test('does not excuse another failure', () => {
    const run = {
      ...refused('downtime'),
      error: { code: 'LINK_OUT_OF_TOLERANCE', message: 'RTT' },
    } as RunResult;
    expect(objectionsTo(run)).toEqual(['invalid: RTT']);
    expect(objectionsTo({ ...refused('downtime'), state: 'failed' } as RunResult)).toHaveLength(1);
    expect(objectionsTo(null)).toHaveLength(1);
  });

  const mistimed = refused('downtime');
  const { integrity, measurement, link } = completed();
  const evidenceOf = (change: Partial<CompletedRun['measurement']>): Evidence => ({
    source: null,
    destination: null,
    rounds: [],
    linkCuts: [],
    measurement: { ...measurement, ...change },
  });
  test.each<[string, object]>([
    ['it ran elsewhere', { environment: { ...mistimed.environment, cpuModel: 'Xeon' } }],
    ['no netem', { link: { ...link, backend: 'nfqueue' } }],
    [
      'no netem read back',
      { link: { ...link, readBack: { ...readBack, destinationToSource: 'qdisc tbf' } } },
    ],
    ['no calibration', { link: { ...link, calibration: null } }],
    ['a mismatch', { integrity: { ...integrity, mismatches: 1 } }],
    ['a stale read', { integrity: { ...integrity, staleReads: 1 } }],
    ['pages that were not compared', { integrity: { ...integrity, pagesCompared: pageCount - 1 } }],
    ['no page compared', { integrity: null }],
    ['a guest at the source', { integrity: { ...integrity, host: 'source' } }],
    ['bytes that were not checked', { crossChecks: [] }],
    [
      'too few bytes',
      { evidence: evidenceOf({ wire: { ...measurement.wire, sourceToDestinationBytes: 1 } }) },
    ],
    [
      'nobody heard',
      { evidence: evidenceOf({ observed: { ...measurement.observed, handoverGapMs: null } }) },
    ],
    ['no measurement', { evidence: { source: null, destination: null, rounds: [], measurement: null } }],
  ])('does not excuse %s with it', (_, change) => {
    expect(objectionsTo({ ...mistimed, ...change })).toHaveLength(1);
  });
});

import { describe, expect, test } from '@jest/globals';
import { loadProfile } from '#harness/profiles';
import { guessRunMs, guessTestbedMs, Pace } from '#harness/sweep/estimate';
import type { MadeRun } from '#harness/sweep/ledger';
import { Ledger } from '#harness/sweep/ledger';
import type { Trial } from '#harness/sweep/plan';
import { planOf } from '#harness/sweep/plan';
import { expansionOf } from '#test/support/sweep-file';

const blocks = planOf(
  expansionOf(`
name: a
guestScale: 1
repeats: 2
seed: 1
base: { guest: '2GiB,baseFootprint=64MiB', warmupMs: 500, strategy: hybrid }
parts:
  p: { grid: { link: [lan-1g], mb: { 64: { workload: 'stress:64MiB' }, 1024: { workload: 'stress:1GiB' } } } }
  q: { repeats: 1, scenario: { strategy: pre-copy, limits: { maxPrecopyMs: 6000 } }, grid: { link: [lan-1g] }, bisect: { axis: mb, sets: workload.region, unit: MiB, low: 8, high: 128, scale: geometric, resolution: 1.5 } }
`),
  { seed: 1, blockRuns: 8 },
);
const grid = blocks.filter(({ kind }) => kind === 'trials');
const search = blocks.filter(({ kind }) => kind === 'search');
const trials = grid.flatMap((block) => (block.kind === 'trials' ? block.trials : []));
const lan = loadProfile('lan-1g');

const made = (trial: Trial, durationMs: number, state: MadeRun['state'] = 'completed'): MadeRun => ({
  runId: JSON.stringify([trial.labels, trial.repeat]),
  part: trial.part,
  labels: trial.labels,
  repeat: trial.repeat,
  state,
  errorCode: state === 'completed' ? null : 'NOT_CONVERGED',
  durationMs,
});

describe('remaining time', () => {
  test('is guessed from size, strategy and link before anything has run', () => {
    const [small, large] = [64, 1024].map((mb) => trials.find(({ labels }) => labels['mb'] === mb)!.scenario);
    // Hybrid sends the region twice: 960 MiB more of it are 2 GB more, 16 s at 1 Gb/s, and have to be filled and compared.
    const moreMs = guessRunMs(large!, lan) - guessRunMs(small!, lan);
    expect(moreMs).toBeGreaterThan(16_000);
    expect(moreMs).toBeLessThan(20_000);
    expect(guessRunMs({ ...large!, strategy: 'post-copy' }, lan)).toBeLessThan(
      guessRunMs(large!, lan) - 8000,
    );
    expect(guessTestbedMs(loadProfile('coleraine-halifax'))).toBeGreaterThan(guessTestbedMs(lan) + 8000);
    const sum = trials.reduce(
      (total, { scenario }) => total + guessRunMs(scenario, lan),
      guessTestbedMs(lan),
    );
    expect(new Pace(loadProfile).remainingMs(grid, new Ledger(3))).toBeCloseTo(sum, 3);
  });

  test('then goes by what the same cell took, and corrects the guess for the others', () => {
    const pace = new Pace(loadProfile);
    const ledger = new Ledger(3);
    const [first, ...others] = trials;
    const run = made(first!, 3 * guessRunMs(first!.scenario, lan));
    ledger.add(run);
    pace.note(run, first!.scenario);
    const threefold = others.reduce((total, { scenario }) => total + 3 * guessRunMs(scenario, lan), 0);
    expect(pace.remainingMs(grid, ledger)).toBeCloseTo(guessTestbedMs(lan) + threefold, 3);
  });

  test('is zero when nothing is left, even if parts were given up', () => {
    const pace = new Pace(loadProfile);
    const ledger = new Ledger(0);
    for (const [at, trial] of trials.entries())
      ledger.add(made(trial, 1000, at === 0 ? 'invalid' : 'completed'));
    expect(pace.remainingMs(grid, ledger)).toBe(0);
  });

  test('of a search shrinks with every evaluation', () => {
    const pace = new Pace(loadProfile);
    const ledger = new Ledger(3);
    const left = [pace.remainingMs(search, ledger)];
    for (let trial = ledger.next(search[0]!); trial !== null; trial = ledger.next(search[0]!)) {
      ledger.add(made(trial, 1000, Number(trial.labels['mb']) < 40 ? 'completed' : 'failed'));
      left.push(pace.remainingMs(search, ledger));
    }
    expect(left).toEqual(left.toSorted((a, b) => b - a));
    expect(new Set(left).size).toBe(left.length);
    expect(left.at(-1)).toBe(0);
  });
});

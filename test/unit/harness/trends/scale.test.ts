import { expect, test } from '@jest/globals';
import { scaleNotes } from '#harness/trends/scale';
import { physicalRuns } from '#test/support/physical-model';
import { studies } from '#test/support/studies';
import { trendRun } from '#test/support/trend-runs';

test('says what scaling does not preserve, and how large RTT·B/M gets', () => {
  const notes = scaleNotes(physicalRuns({ guestScale: 1 / 16 }).map(trendRun), studies);
  expect(notes).toHaveLength(2);
  expect(notes[1]).toContain('ulster-wan (nfqueue, netns): guest memory is scaled by κ_M = 1/16');
  expect(notes[1]).toContain('weigh 16 times more against total time');
  // 6.9 Gb/s × 53 ms is 43.6 MiB in flight, more than a t guest of 512 MiB / 16.
  expect(notes[1]).toMatch(
    /RTT·B\/M is up to 1\.36 here \(coleraine-halifax: 43\.6 MiB in flight, a guest of 32 MiB\)/,
  );
});

test('has nothing to say about full-size guests, but does about merged sweeps', () => {
  const runs = physicalRuns().map(trendRun);
  expect(scaleNotes(runs, studies)[0]).toContain('nothing is scaled');
  const two = runs.map((run, index) =>
    index % 2 === 0 ? run : { ...run, sweep: { ...run.sweep!, sweepId: 'another' } },
  );
  expect(scaleNotes(two, studies).join(' ')).toContain('icclab-10g: runs of 2 sweeps are taken together');
  expect(scaleNotes([], studies)).toEqual([]);
});

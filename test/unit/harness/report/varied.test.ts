import { describe, expect, test } from '@jest/globals';
import { cellName, variedOf } from '#harness/report/varied';
import type { RunResult } from '#harness/result';
import { axisOrderOf } from '#harness/sweep/axis-order';
import { variedFailure, variedRun } from '#test/support/varied-runs';

const axesOf = (runs: readonly RunResult[]) =>
  variedOf(runs).axes.map(({ title, values }) => [title, values]);
const cellsOf = (runs: readonly RunResult[]) => {
  const varied = variedOf(runs);
  return varied.cells.map((cell) => [cellName(varied, cell), cell.runs.length, cell.completed.length]);
};

describe('what was varied', () => {
  test('nothing between repetitions of one setting', () => {
    const runs = [1, 2, 3].map((nth) => variedRun({ totalTimeMs: nth }));
    expect(axesOf(runs)).toEqual([]);
    expect(cellsOf(runs)).toEqual([['', 3, 3]]);
  });

  test('two strategies', () => {
    const runs = ['hybrid', 'pre-copy', 'hybrid'].map((strategy) => variedRun({ strategy }));
    expect(axesOf(runs)).toEqual([['strategy', ['hybrid', 'pre-copy']]]);
    expect(cellsOf(runs)).toEqual([['hybrid', 2, 2], ['pre-copy', 1, 1]]); // prettier-ignore
  });

  test('the axes of a sweep under its own names, numbers and sizes ascending', () => {
    const runs = [4096, 0, 512].flatMap((stressMB) =>
      ['10G', '1G'].map((link) =>
        variedRun({ cell: { link, stressMB }, profile: `lan-${link.toLowerCase()}`, ramMiB: 16 + stressMB }),
      ),
    );
    expect(axesOf(runs)).toEqual([
      ['link', ['1G', '10G']],
      ['stressMB', [0, 512, 4096]],
    ]);
    expect(cellsOf(runs).map(([name]) => name)).toEqual([
      'link 1G, stressMB 0', 'link 1G, stressMB 512', 'link 1G, stressMB 4096',
      'link 10G, stressMB 0', 'link 10G, stressMB 512', 'link 10G, stressMB 4096',
    ]); // prettier-ignore
  });

  test('labels are in the order of the sweep’s definition, else as first seen', () => {
    const runs = ['quiet', 'busy', 'idle'].map((load) => variedRun({ cell: { load } }));
    expect(axesOf(runs)).toEqual([['load', ['quiet', 'busy', 'idle']]]);
    const order = axisOrderOf([{ parts: { all: { grid: { load: { idle: null, quiet: {}, busy: {} } } } } }]);
    expect(variedOf(runs, order).axes[0]?.values).toEqual(['idle', 'quiet', 'busy']);
    // A label that the definition doesn't have is of another sweep.
    const more = [...runs, variedRun({ cell: { load: 'new' } })];
    expect(variedOf(more, order).axes[0]?.values).toEqual(['quiet', 'busy', 'idle', 'new']);
  });

  test('a setting that goes along with an axis is named, and is none itself', () => {
    const runs = [
      variedRun({ strategy: 'pre-copy', ramMiB: 16 }),
      variedRun({ strategy: 'hybrid', ramMiB: 32 }),
    ];
    expect(axesOf(runs).map(([title]) => title)).toEqual(['strategy']);
    expect(variedOf(runs).along).toEqual(['guest.ramBytes']);
    // Once both strategies have both sizes, the size is an axis.
    const crossed = [...runs, variedRun({ strategy: 'pre-copy', ramMiB: 32 })];
    expect(axesOf(crossed).map(([title]) => title)).toEqual(['strategy', 'guest.ramBytes']);
    expect(variedOf(crossed).along).toEqual([]);
  });

  test('parts of a sweep with the same labels are told apart, and drivers too', () => {
    const parts = ['first', 'second'].map((part) => variedRun({ cell: { x: 1 }, part }));
    expect(axesOf(parts)).toEqual([['part', ['first', 'second']]]);
    const drivers = (['netns', 'docker'] as const).map((driver) => variedRun({ driver }));
    expect(axesOf(drivers)).toEqual([['driver', ['netns', 'docker']]]);
  });

  test('a run that ended before it had a link is in the cell that it was meant for', () => {
    const early = variedFailure({ cell: { x: 2 } }, true);
    const runs = [early, variedRun({ cell: { x: 1 } }), variedRun({ cell: { x: 2 } })];
    expect(cellsOf(runs)).toEqual([['x 1', 1, 1], ['x 2', 2, 1]]); // prettier-ignore
    expect(cellsOf([early])).toEqual([['', 1, 0]]);
  });

  test('a strategy of one’s own is what its text is, wherever its file lies', () => {
    const own = (path: string, digit: string): RunResult =>
      variedRun({ strategy: path, strategySha256: digit.repeat(64) });
    expect(axesOf([own('/a/mine.ts', '1'), own('/b/copy.ts', '1')])).toEqual([]);
    const changed = [own('/a/mine.ts', '1'), own('/a/mine.ts', '2')];
    expect(cellsOf(changed).map(([name]) => name)).toEqual([
      'strategySha256 11111111',
      'strategySha256 22222222',
    ]);
    expect(axesOf([own('/a/mine.ts', '1'), variedRun({ strategy: 'hybrid' })])[0]).toEqual([
      'strategy',
      ['mine.ts', 'hybrid'],
    ]);
  });
});

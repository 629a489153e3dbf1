import { mkdirSync, writeFileSync } from 'node:fs';
import { LivemigError, messageOf } from '#proto/errors';
import type { Benchmark } from '../bench.ts';
import { median } from '#harness/median';
import type { Cell } from './cells.ts';
import { cells, cellText } from './cells.ts';
import { endsWithinMs, problemsOf } from './judge.ts';
import { runCell } from './run-cell.ts';
import type { JudgedCell } from './table.ts';
import { legend, matrixMarkdown } from './table.ts';

/** Most of a cell is waiting. */
const atOnce = 3;

const judge = async (cell: Cell): Promise<JudgedCell> => {
  try {
    const seen = await runCell(cell);
    return { cell, seen, problems: problemsOf(cell, seen) };
  } catch (error) {
    return { cell, seen: null, problems: [messageOf(error)] };
  }
};

/** Runs a few at once, in the given order. */
const judgeAll = async (chosen: readonly Cell[]): Promise<JudgedCell[]> => {
  const judged: JudgedCell[] = [];
  const queue = [...chosen];
  const work = async (): Promise<void> => {
    for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
      const one = await judge(cell);
      judged.push(one);
      for (const problem of one.problems) process.stdout.write(`  ${cellText(cell)}: ${problem}\n`);
      if (judged.length % 10 === 0) process.stdout.write(`  ${judged.length} of ${chosen.length} cells\n`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return judged;
};

const writeMatrix = (judged: readonly JudgedCell[]): void => {
  mkdirSync('results', { recursive: true });
  const wrong = judged.filter(({ problems }) => problems.length > 0);
  const problems = wrong.map(({ cell, problems: all }) => `- ${cellText(cell)}: ${all.join('; ')}\n`);
  writeFileSync('results/kill-matrix.md', `${matrixMarkdown(judged)}\n${legend}\n\n${problems.join('')}`);
  writeFileSync('results/kill-matrix.json', `${JSON.stringify(judged, null, 2)}\n`);
};

export const killMatrix: Benchmark = {
  name: 'kill-matrix',
  about: 'every signal to every process in every phase: half an hour; table in results/kill-matrix.md',
  run: async (driver) => {
    // Victims are found in /proc, and only this driver's remains are swept.
    if (driver !== 'netns')
      throw new LivemigError('UNSUPPORTED', `the kill matrix takes driver netns, not ${driver}`);
    const judged = await judgeAll(cells);
    writeMatrix(judged);
    const took = judged.flatMap(({ seen }) => (typeof seen?.tookMs === 'number' ? [seen.tookMs / 1000] : []));
    const from = `${cells.length} cells, median ${median(took).toFixed(1)} s`;
    return [
      {
        name: 'cells that ended as they must',
        value: judged.filter(({ problems }) => problems.length === 0).length,
        unit: '',
        target: { atLeast: cells.length },
        from,
      },
      {
        name: 'longest time from a signal to the end of the run',
        value: Math.max(...took),
        unit: 's',
        target: { atMost: endsWithinMs / 1000 },
        from,
      },
    ];
  },
};

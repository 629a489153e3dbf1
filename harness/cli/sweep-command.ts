import { join } from 'node:path';
import type { Command } from 'commander';
import type * as Sweep from '../sweep.ts';
import { defaultOut } from '../store.ts';
import { sweepFileOf } from '../studies/sweep-file.ts';
import type { JudgedRuns } from '../thresholds/report.ts';
import { allHold } from '../thresholds/report.ts';
import { thresholdsText } from '../thresholds/show.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import { onInterrupt } from './interrupt.ts';
import type { JudgedOutput } from './judged-output.ts';
import { addJudgedOptions, judgedHelp, judgedOutputOf, writeJudged } from './judged-output.ts';
import { badUsage, exitCodes, print, printJson, printText, tell } from './output.ts';
import { readSets } from './results.ts';
import { watchSweep } from './sweep-live.ts';
import { addSweepOptions, requestOf } from './sweep-options.ts';

/** Imported on demand: other commands don't need it. */
const load = (): Promise<typeof Sweep> => import('../sweep.ts');

type Prepared = Awaited<ReturnType<typeof Sweep.prepareSweep>>;

const titleOf = ({ definition: { name, guestScale, repeats, seed } }: Prepared, out: string): string =>
  `${name}: guest scale ${guestScale}, ${repeats} repetitions, seed ${seed}, results in ${out}`;

const dryRun = async (prepared: Prepared, out: string, fresh: boolean, json: boolean): Promise<number> => {
  const { inspectSweep, planText, planDocument } = await load();
  const { state, refused } = await inspectSweep(prepared, { out, fresh });
  const { progress, cells } = state;
  if (json)
    await printJson({ name: prepared.definition.name, out, progress, cells, unsupported: refused, plan: planDocument(prepared.blocks) }); // prettier-ignore
  else await printText(planText(titleOf(prepared, out), cells, state.openBlocks, progress, refused));
  return exitCodes.completed;
};

/** The verdicts of each cell that has any. */
const thresholdsOfCells = (judged: readonly JudgedRuns[]): string[] =>
  judged
    .filter(({ verdicts }) => verdicts.length > 0)
    .map(({ name, verdicts }) => `${name}: ${thresholdsText(verdicts)}`);

interface Shown {
  json: boolean;
  output: JudgedOutput;
}

const perform = async (
  prepared: Prepared,
  out: string,
  fresh: boolean,
  { json, output }: Shown,
): Promise<number> => {
  const sweep = await load();
  using interrupt = onInterrupt();
  const watch = watchSweep(sweep, ({ state, refused }) =>
    sweep.planText(titleOf(prepared, out), state.cells, state.openBlocks, state.progress, refused),
  );
  const { state, sweepId } = await sweep.performSweep(prepared, {
    out,
    fresh,
    signal: interrupt.signal,
    watch: watch.begin,
  });
  const { cells, isComplete, blocks, ledger } = state;
  const { name } = prepared.definition;
  // Without runs there is no file of them.
  const results = cells.some(({ answered }) => answered > 0) ? await readSets([out], []) : [];
  const judged = sweep.judgedCells(blocks, ledger, results);
  const thresholds = judged.flatMap(({ name: cell, verdicts }) =>
    verdicts.map((verdict) => ({ cell, ...verdict })),
  );
  if (json)
    await printJson({ name, sweepId, out, complete: isComplete, cells, mishaps: watch.mishaps, ...(thresholds.length === 0 ? {} : { thresholds }) }); // prettier-ignore
  else {
    const table = sweep.cellsTable(results);
    const texts = [
      ...(table.length === 0 ? [] : [table.join('\n')]),
      sweep.outcomeText(cells, watch.mishaps, out),
      ...thresholdsOfCells(judged),
    ];
    const say = output.markdown ? async (text: string) => tell(text) : print;
    await say(texts.join('\n\n'));
  }
  await writeJudged('sweep', name, judged, output);
  if (interrupt.exitCode !== undefined) {
    tell('livemig: run the same command again to resume');
    return interrupt.exitCode;
  }
  if (!isComplete) return exitCodes.failed;
  return allHold(judged) ? exitCodes.completed : exitCodes.thresholds;
};

const body: Body = async ([word], options, found) => {
  const problems = [...found];
  const request = requestOf(options, problems);
  const output = await judgedOutputOf(options, problems);
  if (word === undefined)
    throw badUsage([...problems, 'expected a sweep file, or the name of a study (`livemig list studies`)']);
  const isQuick = options['quick'] === true;
  const file = await sweepFileOf({ word, isQuick, quickName: '--quick' }, problems);
  const { prepareSweep } = await load();
  const prepared = await prepareSweep(file, request, problems);
  const out =
    typeof options['out'] === 'string' ? options['out'] : join(defaultOut, prepared.definition.name);
  const [fresh, json] = [options['fresh'] === true, options['json'] === true];
  return options['dryRun'] === true
    ? dryRun(prepared, out, fresh, json)
    : perform(prepared, out, fresh, { json, output });
};

const help = `
Examples:
  livemig sweep icclab-10g --quick
  livemig sweep icclab-10g --dry-run                  what it would run, and roughly how long that takes
  livemig sweep ulster-wan --only post-copy           one part; without --only, the same command later does the rest
  livemig sweep ulster-wan --quick --out results/tonight --seed 7
  livemig sweep ./my-study                            a custom study; the path of a sweep file works too

\`livemig list studies\` lists the names.

The directory holds runs.jsonl (one result per line), events/ and sweep.json. Runs that are invalid or failed because of
the testbed are stored and repeated. After an interruption, even by kill -9, the same command resumes.

${judgedHelp}

Exit codes: 0 every cell has all of its runs; 1 some cells don't; 2 bad input, with all problems; 99 every cell has them,
but a threshold doesn't hold; 130 Ctrl-C.`;

export const addSweepCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('sweep')
    .summary('run an experiment: many cells, repeated, in random order')
    .description("Run every cell of a study's sweep with its repetitions, and resume an interrupted sweep.")
    .usage('study|sweep.yaml [options]');
  addJudgedOptions(addSweepOptions(command)).addHelpText('after', help);
  withBody(command, 1, exit, body);
};

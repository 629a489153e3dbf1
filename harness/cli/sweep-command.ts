import { join } from 'node:path';
import type { Command } from 'commander';
import type * as Sweep from '../sweep.ts';
import { defaultOut } from '../store.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import { onInterrupt } from './interrupt.ts';
import { badUsage, exitCodes, print, printJson, tell } from './output.ts';
import { watchSweep } from './sweep-live.ts';
import { addSweepOptions, requestOf } from './sweep-options.ts';

/** By need: other commands have no use for it. */
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
  else await print(planText(titleOf(prepared, out), cells, state.openBlocks, progress, refused));
  return exitCodes.completed;
};

const perform = async (prepared: Prepared, out: string, fresh: boolean, json: boolean): Promise<number> => {
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
  const { cells, isComplete } = state;
  if (json)
    await printJson({ name: prepared.definition.name, sweepId, out, complete: isComplete, cells, mishaps: watch.mishaps }); // prettier-ignore
  else await print(sweep.outcomeText(cells, watch.mishaps, out));
  if (interrupt.exitCode !== undefined) {
    tell('livemig: the same command goes on where this ended');
    return interrupt.exitCode;
  }
  return isComplete ? exitCodes.completed : exitCodes.failed;
};

const body: Body = async ([file], options, found) => {
  const problems = [...found];
  const request = requestOf(options, problems);
  if (file === undefined)
    throw badUsage([...problems, 'expected a sweep file, like scenarios/icclab-10g.yaml']);
  const { prepareSweep } = await load();
  const prepared = await prepareSweep(file, request, problems);
  const out =
    typeof options['out'] === 'string' ? options['out'] : join(defaultOut, prepared.definition.name);
  const run = options['dryRun'] === true ? dryRun : perform;
  return run(prepared, out, options['fresh'] === true, options['json'] === true);
};

const help = `
Examples:
  livemig sweep scenarios/quick/icclab-10g.yaml
  livemig sweep scenarios/icclab-10g.yaml --dry-run              what it would run, and about how long that takes
  livemig sweep scenarios/ulster-wan.yaml --only post-copy       one part; the same command later without it does the rest
  livemig sweep scenarios/quick/ulster-wan.yaml --out results/tonight --seed 7

The directory holds runs.jsonl (a result a line), events/ and sweep.json. Runs that are invalid, or failed for the
testbed's sake, are stored and made again. Interrupted, even by kill -9, the same command goes on where it was.

Exit codes: 0 every cell has all of its runs; 1 some have not; 2 bad input, with every problem of it; 130 Ctrl-C.`;

export const addSweepCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('sweep')
    .summary('run an experiment: many cells, repeated, in random order')
    .description(
      'Run every cell of a sweep file as often as it says, and go on where an earlier invocation ended.',
    )
    .usage('sweep.yaml [options]');
  addSweepOptions(command).addHelpText('after', help);
  withBody(command, 1, exit, body);
};

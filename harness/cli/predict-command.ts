import type { Command } from 'commander';
import { fileProblems } from '../files/places.ts';
import { compareWithRuns } from '../prediction/compare.ts';
import { predictionDocument, readPrediction } from '../prediction/document.ts';
import { readHistory } from '../prediction/history-file.ts';
import { modelNames } from '../prediction/models.ts';
import type { ModelName } from '../prediction/models.ts';
import { predictStarts } from '../prediction/predict.ts';
import { unknownName } from '../nearest.ts';
import { comparisonText, predictionText } from '../report/prediction.ts';
import type { Body, Exit } from './command.ts';
import { refuse, withBody } from './command.ts';
import { wholeOption } from './number-option.ts';
import { badUsage, exitCodes, printJson, printText, tell } from './output.ts';
import { addPlanOptions, planOf } from './prediction-options.ts';
import { readResults } from '../results.ts';
import { saveOrRescue } from './save.ts';

const startBounds = { least: 0, most: 1_000_000_000 };

const modelOf = (given: unknown, problems: string[]): ModelName => {
  const name = typeof given === 'string' ? given : 'hist';
  const known = modelNames.find((each) => each === name);
  if (known === undefined) problems.push(unknownName('model', name, modelNames));
  return known ?? 'hist';
};

/** `each` = null, or a list of ms since the guest's start. */
const startsOf = (given: unknown, problems: string[]): number[] | null => {
  if (typeof given !== 'string' || given === 'each') return null;
  return given
    .split(',')
    .flatMap((text) => wholeOption({ 'start-at': text }, 'start-at', startBounds, problems) ?? []);
};

const compare = async (file: string, results: readonly string[], json: boolean): Promise<number> => {
  const prediction = readPrediction(file);
  const comparison = compareWithRuns(prediction, await readResults(results, [], tell));
  if (json) await printJson(comparison);
  else await printText(comparisonText(prediction, comparison));
  return exitCodes.completed;
};

const body: Body = async ([file, ...others], options, found) => {
  const problems = [...found];
  const json = options['json'] === true;
  if (file === undefined)
    throw badUsage([...problems, 'expected a dirty history, as `livemig record` makes it']);
  if (typeof options['against'] === 'string') {
    refuse(problems);
    return compare(file, [options['against'], ...others], json);
  }
  problems.push(...others.map((word) => `unexpected argument "${word}"`));
  const model = modelOf(options['model'], problems);
  const startsAtMs = startsOf(options['startAt'], problems);
  const out = typeof options['out'] === 'string' ? options['out'] : null;
  if (out !== null) problems.push(...(await fileProblems('--out', out)));
  const history = readHistory(file);
  const { plan, link, calibrationRunIds } = await planOf(history, model, options, problems);
  const whole = { ...plan, model, startsAtMs };
  const starts = await predictStarts(history, whole);
  const document = predictionDocument(history, { plan: whole, link, calibrationRunIds }, starts);
  if (out !== null) await saveOrRescue(out, `${JSON.stringify(document, null, 2)}\n`);
  if (json) await printJson(document);
  else await printText(predictionText(document, out));
  return exitCodes.completed;
};

const help = `
Models. avg: a constant dirty rate. hist: the recorded history, page by page. Both predict pre-copy under Xen's rule
(--strategy pre-copy --convergence xen, their default). sim: the migration itself in virtual time, of a guest that replays
the history; it predicts every strategy and stop rule.

What a migration costs besides pages comes from --calibration, results of other runs of the same strategy over the same
link; without it, it is estimated from the link.

Examples:
  livemig record --workload cyclic:128MiB --out c.dirty.zst
  livemig predict c.dirty.zst --calibration results/before --out c.prediction.json
  livemig predict c.dirty.zst --model sim --strategy hybrid --start-at 2000
  livemig predict c.prediction.json --against results/after

Exit codes: 0 predicted or compared; 1 the migration would not end (sim); 2 bad input, with all problems, as a prediction
that was changed or is younger than the runs.`;

export const addPredictCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('predict')
    .summary('predict migration time and downtime from a recorded history')
    .description(
      'Predict what a migration would cost, from a history of the pages that the guest dirtied; or compare a prediction ' +
        'with runs that were made after it.',
    )
    .usage('history.dirty.zst [options] | prediction.json --against results…');
  addPlanOptions(command)
    .option('--model <name>', `${modelNames.join(', ')} (default: hist)`)
    .option(
      '--start-at <ms,…>',
      "when the migration begins after the guest's start (a run: after its warm-up), or `each` (default)",
    )
    .option('--out <file>', 'write the prediction, with its digest, for --against')
    .option('--against <results>', 'compare a prediction with these runs')
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', help);
  withBody(command, Infinity, exit, body);
};

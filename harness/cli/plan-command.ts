import type { Command } from 'commander';
import { strategyNames } from '#catalogue/strategies';
import { codeOf, messageOf } from '#proto/errors';
import { unknownName } from '../nearest.ts';
import type { StoredHistory } from '../prediction/history-file.ts';
import { readHistory } from '../prediction/history-file.ts';
import { goesByStopRule, isOnPaper } from '../prediction/modelled.ts';
import { planConsolidation } from '../prediction/plan-consolidate.ts';
import type { Way } from '../prediction/plan-sla.ts';
import { planSla } from '../prediction/plan-sla.ts';
import type { PredictedStart } from '../prediction/predict.ts';
import { predictStarts, spreadOf } from '../prediction/predict.ts';
import { consolidationText, slaText } from '../report/plan.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import { badUsage, exitCodes, printJson, printText } from './output.ts';
import { addPlanOptions, planOf } from './prediction-options.ts';
import { amountOption, durationOption } from './quantities.ts';

const yearMs = 366 * 86_400_000;
const period = { default: 30 * 86_400_000, least: 1000, most: 10 * yearMs };
const anyTime = { least: 0, most: 10 * yearMs };

type Options = Readonly<Record<string, unknown>>;

/** On paper where that is possible, else by replay. */
const predicted = async (history: StoredHistory, options: Options) => {
  const { plan } = await planOf(history, 'sim', options, []);
  const model = isOnPaper(plan) ? 'hist' : 'sim';
  return { plan, starts: await predictStarts(history, { ...plan, model, startsAtMs: null }) };
};

const wayOf = async (history: StoredHistory, strategy: string, options: Options): Promise<Way> => {
  try {
    const { plan, starts } = await predicted(history, { ...options, strategy });
    const name = goesByStopRule(strategy) ? `${strategy} (${plan.limits.convergence})` : strategy;
    return { name, starts, failure: null };
  } catch (error) {
    if (codeOf(error) === 'BAD_INPUT') throw error;
    return { name: strategy, starts: [], failure: `at some moment it would not end: ${messageOf(error)}` };
  }
};

const sla = async (files: readonly string[], options: Options, problems: string[]): Promise<number> => {
  const [file, ...others] = files;
  problems.push(...others.map((word) => `unexpected argument "${word}"`));
  if (file === undefined) problems.push('expected a dirty history, as `livemig record` makes it');
  const percent = { default: 99.9, least: 0, most: 100, unit: '%' };
  const agreement = {
    availability: amountOption(options['availability'], '--availability', percent, problems) / 100,
    periodMs: durationOption(options['period'], '--period', period, problems),
    usedMs: durationOption(options['used'], '--used', { ...anyTime, default: 0 }, problems),
    maxGapMs:
      options['maxGap'] === undefined
        ? null
        : durationOption(options['maxGap'], '--max-gap', { ...anyTime, default: null }, problems),
    confidence: amountOption(options['confidence'], '--confidence', { default: 0.9, least: 0.01, most: 1, unit: '' }, problems), // prettier-ignore
  };
  if (file === undefined || problems.length > 0) throw badUsage(problems);
  const history = readHistory(file);
  const asked = options['strategy'];
  const ways: Way[] = [];
  for (const strategy of typeof asked === 'string' ? [asked] : strategyNames) {
    // Of all strategies, a stop rule is for those that go by one.
    const isForAll = typeof asked !== 'string' && !goesByStopRule(strategy);
    ways.push(await wayOf(history, strategy, isForAll ? { ...options, convergence: undefined } : options));
  }
  const plan = planSla(agreement, ways);
  if (options['json'] === true) await printJson({ agreement, ...plan });
  else await printText(slaText(plan));
  return plan.ways.some(({ migrations }) => migrations > 0) ? exitCodes.completed : exitCodes.failed;
};

const medianOf = (starts: readonly PredictedStart[], of: (start: PredictedStart) => number): number =>
  spreadOf(starts.map(of)).median;

const consolidate = async (
  words: readonly string[],
  options: Options,
  problems: string[],
): Promise<number> => {
  const given = typeof options['guests'] === 'string' ? options['guests'].split(',') : [];
  const files = [...given, ...words].filter((file) => file !== '');
  if (files.length === 0) problems.push('--guests: expected dirty histories, as `livemig record` makes them');
  const watts = (name: string, key: string, fallback: number | null, least = 0) =>
    amountOption(options[key], name, { default: fallback, least, most: 100_000, unit: 'W' }, problems);
  const power = {
    idleW: watts('--idle-power', 'idlePower', null, 0.001),
    cpuW: watts('--cpu-power', 'cpuPower', null),
    nicW: watts('--nic-power', 'nicPower', 5),
    cpuShare: amountOption(options['cpuShare'], '--cpu-share', { default: 1.3, least: 0, most: 64, unit: '' }, problems), // prettier-ignore
  };
  const horizonMs = durationOption(options['horizon'], '--horizon', { ...anyTime, default: null }, problems);
  if (problems.length > 0) throw badUsage(problems);
  const guests = [];
  for (const file of files) {
    const { starts } = await predicted(readHistory(file), options);
    guests.push({
      name: file,
      totalTimeMs: medianOf(starts, ({ totalTimeMs }) => totalTimeMs),
      downtimeMs: medianOf(starts, ({ downtimeMs }) => downtimeMs),
    });
  }
  const plan = planConsolidation(guests, power, horizonMs);
  if (options['json'] === true) await printJson({ power, horizonMs, ...plan });
  else await printText(consolidationText(plan));
  return plan.isWorth ? exitCodes.completed : exitCodes.failed;
};

const plans = { sla, consolidate } as const;
const planNames = Object.keys(plans);

const body: Body = async ([what, ...words], options, found) => {
  const problems = [...found];
  const plan = what === 'sla' || what === 'consolidate' ? plans[what] : null;
  if (plan === null) {
    const problem =
      what === undefined
        ? `expected what to plan: ${planNames.join(' or ')}`
        : unknownName('plan', what, planNames);
    throw badUsage([...problems, problem]);
  }
  return plan(words, options, problems);
};

const help = `
sla: how often may the guest be migrated without violating its service level agreement? For every strategy, or the one that
is given: the budget of unavailability, divided by the downtime at the confidence asked for.

consolidate: is it worth moving these guests away, there and back, so that their host can be switched off?

Examples:
  livemig plan sla web.dirty.zst --availability 99.95 --period 30d --used 12m --max-gap 500ms --confidence 0.9
  livemig plan consolidate --guests a.dirty.zst,b.dirty.zst --idle-power 120W --cpu-power 35W --horizon 2h

Exit codes: 0 there is room for a migration, or it is worth it; 1 there is none, or it isn't; 2 bad input.`;

export const addPlanCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('plan')
    .summary('plan migrations: how often, and whether to consolidate')
    .description('Plan migrations of a guest whose dirty history was recorded (`livemig record`).')
    .usage('sla history.dirty.zst [options] | consolidate --guests a.dirty.zst,b.dirty.zst [options]');
  addPlanOptions(command)
    .option('--availability <percent>', 'sla: of the period (default: 99.9)')
    .option('--period <time>', 'sla: period that the availability is of (default: 30d)')
    .option('--used <time>', 'sla: unavailability in the period so far (default: 0)')
    .option('--max-gap <time>', 'sla: longest single interruption (default: any)')
    .option('--confidence <share>', 'sla: share of the migrations that the downtime holds for (default: 0.9)')
    .option('--guests <files>', 'consolidate: histories of the guests, separated by commas')
    .option('--idle-power <watts>', 'consolidate: what the host draws when it idles')
    .option('--cpu-power <watts>', 'consolidate: what a busy core draws beyond that')
    .option(
      '--cpu-share <cores>',
      'consolidate: cores that a migration takes, both hosts together (default: 1.3)',
    )
    .option('--nic-power <watts>', 'consolidate: what the network draws for a migration (default: 5)')
    .option('--horizon <time>', 'consolidate: until the host is needed again')
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', help);
  withBody(command, Infinity, exit, body);
};

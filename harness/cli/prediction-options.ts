import type { Command } from 'commander';
import { limits } from '#catalogue/limits';
import { rttMsOf } from '#proto/link';
import { toErrorDocument } from '#proto/errors';
import type { StoredHistory } from '../prediction/history-file.ts';
import { calibrationOf, estimatedFigures } from '../prediction/calibrate.ts';
import { goesByStopRule, isOnPaper, modelledRule, modelledStrategy } from '../prediction/modelled.ts';
import type { ModelName } from '../prediction/models.ts';
import type { PredictionPlan } from '../prediction/predict.ts';
import { listProfiles, loadProfile } from '../profiles.ts';
import { readResults } from '../results.ts';
import type { Scenario, Section } from '../scenario.ts';
import { loadScenario } from '../scenario.ts';
import { expectedGoodputMbps } from '../testbed/tolerance.ts';
import { badUsage, tell } from './output.ts';
import { addScenarioOptions, overridesOf } from './run-options.ts';

/** How a migration is to be made: the options that a prediction has in common with a run. */
const planKeys: readonly string[] = [
  'link',
  'strategy',
  'capabilities',
  ...Object.entries(limits).flatMap(([name, { option }]) => (option === undefined ? [] : [`limits.${name}`])),
];

export const addPlanOptions = (command: Command): Command =>
  addScenarioOptions(command, planKeys).option(
    '--calibration <results>',
    'results of other runs of this strategy over this link, for what a migration costs besides pages',
  );

/** The migration of the guest that was recorded. */
const scenarioOf = async (
  { header }: StoredHistory,
  overrides: Section,
  problems: readonly string[],
): Promise<Scenario> => {
  const given = overrides['limits'] as Section | undefined;
  const { strategy = modelledStrategy } = overrides as { strategy?: string };
  const convergence = goesByStopRule(strategy) ? { convergence: modelledRule } : {};
  // The recorded link by its name, unless it was a file that is elsewhere.
  const link = listProfiles().includes(header.link.profile) ? { link: header.link.profile } : {};
  return loadScenario(
    undefined,
    {
      ...link,
      ...overrides,
      strategy,
      limits: { ...convergence, ...given },
      guest: {
        ram: header.pageCount * header.pageSizeBytes,
        vcpus: header.vcpus,
        baseFootprint: header.nonZeroPages * header.pageSizeBytes,
        deviceState: header.deviceStateBytes,
      },
      workload: { name: 'idle' },
    },
    problems,
  );
};

/** How a migration is predicted, but for the moment. */
export interface Planned {
  plan: Omit<PredictionPlan, 'startsAtMs' | 'model'>;
  link: string;
  calibrationRunIds: readonly string[];
}

/** @throws LivemigError BAD_INPUT with all problems, also those `found` before */
export const planOf = async (
  history: StoredHistory,
  model: ModelName,
  options: Readonly<Record<string, unknown>>,
  found: readonly string[],
): Promise<Planned> => {
  const problems = [...found];
  const { header } = history;
  const scenario = await scenarioOf(history, overridesOf(options), problems);
  const { strategy, link, capabilities } = scenario;
  if (model !== 'sim' && !isOnPaper(scenario))
    problems.push(
      `--model: ${model} predicts ${modelledStrategy} with --convergence ${modelledRule}, not ${strategy} with ` +
        `${scenario.limits.convergence}: use --model sim`,
    );
  const given = options['calibration'];
  const plain = { strategy, limits: scenario.limits, capabilities };
  if (typeof given === 'string') {
    const runs = await readResults([given], problems, tell).catch((error: unknown) => toErrorDocument(error));
    if (!Array.isArray(runs)) throw badUsage(runs.problems ?? [runs.message]);
    const calibration = calibrationOf(runs, { strategy, link });
    if (typeof calibration === 'string') problems.push(`--calibration: ${calibration}`);
    if (typeof calibration === 'string' || problems.length > 0) throw badUsage(problems);
    return { plan: { ...plain, figures: calibration.figures }, link, calibrationRunIds: calibration.runIds };
  }
  if (problems.length > 0) throw badUsage(problems);
  const profile = loadProfile(link);
  const onRecord = link === header.link.profile;
  const measured = onRecord
    ? header.link
    : { goodputMbps: expectedGoodputMbps(profile.sourceToDestination), rttMs: rttMsOf(profile) };
  return {
    plan: { ...plain, figures: estimatedFigures(measured, header.deviceStateBytes) },
    link,
    calibrationRunIds: [],
  };
};

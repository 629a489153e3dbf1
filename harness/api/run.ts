import type { RunEvent } from '../run/events.ts';
import type { RunOptions } from '../run.ts';
import { runScenario } from '../run.ts';
import type { RunResult } from '../result.ts';
import type { Scenario } from '../scenario.ts';
import { badInput, loadScenario } from '../scenario.ts';
import type { ScenarioDocument } from '../scenario/schema.ts';
import { retriesBounds, tryUntilAnswered } from '../sweep/tries.ts';
import { shown } from '../shown.ts';
import type { Observed } from './observed.ts';
import { observed } from './observed.ts';

/**
 * A scenario as a file has it, in its long or its short form: `{ link: 'lan-1g', guest: '512MiB,vcpus=2' }`. Every key is
 * optional; docs/reference.md lists them. Values are checked when it runs.
 */
export type ScenarioInput = Readonly<Partial<Record<keyof ScenarioDocument, unknown>>>;

export interface RunSettings {
  /** Ends the run as `aborted`, once its testbed is taken down. */
  signal?: AbortSignal;
  /** Over the scenario, as options of the command line are over a file. */
  overrides?: ScenarioInput;
  /** How often an inconclusive run is repeated: one that is invalid, or whose testbed failed. 0 to 20, default 0. */
  retries?: number;
}

/** A run under way: a promise of its result, with its events. */
export type Running = Observed<RunResult, RunEvent>;

const problemsOf = (input: string | ScenarioInput, { retries = 0, overrides = {} }: RunSettings): string[] => {
  const { least, most } = retriesBounds;
  const isInRange = Number.isInteger(retries) && retries >= least && retries <= most;
  // Those of a file are the command's as well, and stay.
  const given = [typeof input === 'string' ? {} : input, overrides];
  return [
    ...(isInRange ? [] : [`retries: expected a whole number from ${least} to ${most}, got ${shown(retries)}`]),
    ...(given.some(({ thresholds }) => thresholds !== undefined)
      ? ['thresholds: run() makes one run and judges none; judge(runs, thresholds) does']
      : []),
  ];
}; // prettier-ignore

/** @throws LivemigError BAD_INPUT with every problem */
const scenarioOf = async (input: string | ScenarioInput, settings: RunSettings): Promise<Scenario> => {
  const problems = problemsOf(input, settings);
  const { overrides = {} } = settings;
  const scenario = await loadScenario(input, overrides, problems);
  if (scenario.repeat === 1) return scenario;
  throw badInput(typeof input === 'string' ? input : 'scenario', [
    `repeat: expected 1, got ${scenario.repeat}: run() makes one run, sweep() repeats`,
  ]);
};

/** @param options where the run gets its testbed. */
export const runWith = (
  input: string | ScenarioInput,
  settings: RunSettings,
  options: Pick<RunOptions, 'driver' | 'testbeds'> = {},
): Running =>
  observed(async (events) => {
    const { signal = new AbortController().signal, retries = 0 } = settings;
    const scenario = await scenarioOf(input, settings);
    const once = async () => {
      const result = await runScenario(scenario, { ...options, signal, events });
      return { result, keep: async () => result, drop: async () => undefined };
    };
    return tryUntilAnswered(retries, signal, once, () => undefined);
  });

/**
 * Makes one migration in a testbed of its own, and takes that down. However the run ends, it has a result, whose `state`
 * says how: only `completed` has a measurement. Nothing is stored.
 * @param scenario the path of a scenario file, or a document like it.
 * @returns the result, with the run's events.
 * @throws LivemigError BAD_INPUT with every problem, as nothing was run then.
 */
export const run = (scenario: string | ScenarioInput = {}, settings: RunSettings = {}): Running =>
  runWith(scenario, settings);

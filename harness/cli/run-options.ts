import { Option } from 'commander';
import type { Command } from 'commander';
import { adjustableLimits, limits, takersOfLimit } from '#catalogue/limits';
import type { Parameter } from '#catalogue/parameter';
import { strategyNames } from '#catalogue/strategies';
import { workloadNames } from '#catalogue/workloads';
import { backendNames } from '#proto/link';
import type { Section } from '../scenario.ts';
import { help } from '../scenario/help.ts';
import { expandShorthand } from '../scenario/shorthand.ts';
import { driverNames } from '../testbed/testbed.ts';

/** An option that sets one key of the scenario; values are checked with the scenario, not by commander. */
interface ScenarioOption {
  flags: string;
  /** Its path in the scenario, e.g. `limits.downtimeLimitMs`. */
  key: string;
  help: string;
}

const names = (known: readonly string[]): string => known.join(', ');

const helpOf = (name: string, { help: means, kind, ...declared }: Parameter): string => {
  const takers = takersOfLimit(name);
  const choices = kind === 'choice' && 'among' in declared ? `: ${names([...declared.among.keys()])}` : '';
  const of = takers.length === 0 ? '' : ` (${names(takers)})`;
  return `${means}${choices}${of}; default ${declared.default}`;
};

const limitOptions = Object.entries(limits).flatMap(([name, declared]): ScenarioOption[] =>
  declared.option === undefined
    ? []
    : [{ flags: declared.option, key: `limits.${name}`, help: helpOf(name, declared) }],
);

/** Adds what only applies to the command line. */
const option = (flags: string, key: string, means: string, more = ''): ScenarioOption => ({
  flags,
  key,
  help: more === '' ? means : `${means}; ${more}`,
});

const scenarioOptions: readonly ScenarioOption[] = [
  option('--link <name>', 'link', help.link, 'see `livemig list links`'),
  option('--guest <spec>', 'guest', help.guest),
  option('--disk <spec>', 'guest.disk', help.disk),
  option(
    '--workload <spec>',
    'workload',
    help.workload,
    `see \`livemig list workloads\`; names: ${names(workloadNames)}`,
  ),
  option('--traffic <list>', 'traffic', help.traffic),
  option('--host-cpus <n>', 'hosts.cpus', help.hostsCpus),
  option('--host-load <spec>', 'hostLoad', help.hostLoad),
  option('--load <spec>', 'load', help.load),
  option('--strategy <name>', 'strategy', help.strategy, names(strategyNames)),
  option('--driver <name>', 'driver', help.driver, `auto, ${names(driverNames)}`),
  option('--backend <name>', 'backend', help.backend, `auto, ${names(backendNames)}`),
  ...limitOptions,
  option('--cap <list>', 'capabilities', help.capabilities, 'see `livemig list capabilities`'),
  option('--on-timeout <spec>', 'onTimeout', help.onTimeout, 'by default cancel'),
  option('--timeline <list>', 'timeline', help.timeline),
  option('--no-dirty-bitmap', 'transfer.dirtyBitmap', help.dirtyBitmap),
  option('--congestion-control <name>', 'congestionControl', help.congestionControl),
  option('--warmup <ms>', 'warmupMs', help.warmupMs),
  option('--thresholds <list>', 'thresholds', help.thresholds),
  option('--repeat <n>', 'repeat', help.repeat),
  option('--seed <n>', 'seed', help.seed),
];

/** Keys of the limits that may be changed while a migration runs. */
export const adjustableKeys: readonly string[] = adjustableLimits.map((name) => `limits.${name}`);

const scenarioKeys: readonly string[] = scenarioOptions.map(({ key }) => key);

/** @throws Error for a key without an option: a bug. */
const known = (keys: readonly string[]): readonly string[] => {
  const unknown = keys.find((key) => !scenarioKeys.includes(key));
  if (unknown !== undefined) throw new Error(`expected the key of an option, got ${unknown}`);
  return keys;
};

/** Keys of all options except these. @throws Error for a key without an option: a bug. */
export const keysBut = (left: readonly string[]): readonly string[] => {
  const without = known(left);
  return scenarioKeys.filter((key) => !without.includes(key));
};

/**
 * Declares the options that override a scenario.
 * @param only the options that set these keys.
 * @throws Error for a key without an option: a bug.
 */
export const addScenarioOptions = (command: Command, only: readonly string[] = scenarioKeys): Command => {
  const asked = known(only);
  for (const { flags, key, help: means } of scenarioOptions)
    if (asked.includes(key)) command.option(flags, means);
  return command;
};

/** The options that were given, as a scenario document. */
export const overridesOf = (options: Readonly<Record<string, unknown>>): Section => {
  const overrides: Section = {};
  for (const { flags, key } of scenarioOptions) {
    const value = options[new Option(flags).attributeName()];
    // commander presets the positive form of a --no-option: only the negation counts.
    if (value === undefined || (value === true && flags.startsWith('--no-'))) continue;
    const [section = key, field] = key.split('.');
    if (field === undefined) overrides[section] = value;
    else {
      const { [section]: before } = expandShorthand(overrides);
      overrides[section] = { ...(before as Section | undefined), [field]: value };
    }
  }
  return overrides;
};

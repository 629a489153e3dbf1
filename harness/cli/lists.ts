import { capabilityDefinitions } from '#catalogue/capabilities';
import type { CapabilityDefinition } from '#catalogue/capability';
import { contents } from '#catalogue/contents';
import { limits, takersOfLimit } from '#catalogue/limits';
import type { Chosen, Parameter, Parameters } from '#catalogue/parameter';
import { expectedOf } from '#catalogue/parameter';
import { readPatterns } from '#catalogue/read-patterns';
import { stopRules } from '#catalogue/stop-rules';
import { strategies } from '#catalogue/strategies';
import { workloads } from '#catalogue/workloads';
import type { BackendName, LinkDirection } from '#proto/link';
import { backendNames, rttMsOf } from '#proto/link';
import { formatMs, formatRate } from '../format.ts';
import { impairmentWords } from '../link-words.ts';
import { listProfiles, loadProfile } from '../profiles.ts';
import type { DriverName } from '../testbed/testbed.ts';
import { driverNames } from '../testbed/testbed.ts';

/** What a scenario or the command line can name. */
export interface Entry {
  name: string;
  description: string;
  /** The same in figures, for `--json`. */
  facts?: Readonly<Record<string, unknown>>;
}

const parameterFacts = (parameter: Parameter): Readonly<Record<string, unknown>> => {
  const { help, option, qemu, isAdjustable, ...rest } = parameter;
  const range = 'among' in rest ? { ...rest, among: [...rest.among.keys()] } : rest;
  return { help, ...range, option: option ?? null, qemu: qemu ?? null, isAdjustable: isAdjustable === true };
};

const parametersFacts = (parameters: Parameters = {}): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => [name, parameterFacts(parameter)]),
  );

const drivers: Readonly<Record<DriverName, string>> = {
  docker: 'hosts are containers; needs a Docker engine',
  netns: 'hosts are network namespaces; needs only Linux, as root or with user namespaces',
  attach: 'hosts that are already running, e.g. from docker compose up',
  sim: 'hosts and link are models in virtual time, in this process; needs nothing, measures nothing',
};
const backends: Readonly<Record<BackendName, string>> = {
  netem: "the kernel's own emulation (sch_netem)",
  nfqueue:
    'kernel token bucket for the rate, user space for delay, jitter, loss, duplicates and reordering; for kernels without sch_netem',
  'virtual-time':
    'a link model with jitter, but without loss, duplicates, reordering and MTU; only with driver sim',
};

const describe = <T extends string>(known: readonly T[], texts: Readonly<Record<T, string>>): Entry[] =>
  known.map((name) => ({ name, description: texts[name] }));

const directionText = (direction: LinkDirection): string =>
  [formatRate(direction.rateMbps), ...impairmentWords(direction)].join(', ');

const linkEntry = (name: string): Entry => {
  const profile = loadProfile(name);
  const there = directionText(profile.sourceToDestination);
  const back = directionText(profile.destinationToSource);
  const rates = there === back ? there : `${there} there, ${back} back`;
  const { description, sourceToDestination, destinationToSource } = profile;
  return {
    name,
    description: `${rates}, RTT ${formatMs(rttMsOf(profile))}: ${description}`,
    facts: { rttMs: rttMsOf(profile), sourceToDestination, destinationToSource },
  };
};

const capabilityEntry = ({ name, help, values, isOnByDefault }: CapabilityDefinition): Entry => {
  const given = values === undefined ? '' : `; =${values.meaning}, ${values.whenBare} if omitted`;
  const { least, most, words = [], whenBare, meaning } = values ?? {};
  return {
    name,
    description: help + given,
    facts: {
      isOnByDefault: isOnByDefault === true,
      values:
        values === undefined ? null : { meaning, least: least ?? null, most: most ?? null, words, whenBare },
    },
  };
};

const parameterText = (name: string, parameter: Parameter): string =>
  `${name}: ${parameter.help}, ${expectedOf(parameter)}${parameter.kind === 'choice' ? '' : ` (${parameter.unit})`}, ` +
  `default ${parameter.default}`;

const parametersText = (parameters: Parameters = {}): string =>
  Object.entries(parameters)
    .map(([name, parameter]) => `; ${parameterText(name, parameter)}`)
    .join('');

const entriesOf = (definitions: ReadonlyMap<string, Chosen>): Entry[] =>
  [...definitions.values()].map(({ name, help, parameters }) => ({
    name,
    description: help + parametersText(parameters),
    facts: { parameters: parametersFacts(parameters) },
  }));

const limitEntry = ([name, parameter]: [string, Parameter]): Entry => {
  const takers = takersOfLimit(name);
  const [, text = ''] = parameterText(name, parameter).split(': ', 2);
  return {
    name,
    description: takers.length === 0 ? text : `${text} (${takers.join(', ')})`,
    facts: { ...parameterFacts(parameter), takers },
  };
};

/** Imported on demand: other lists don't need them. */
const studyEntries = async (): Promise<Entry[]> => {
  const { loadStudies } = await import('../studies/index.ts');
  return (await loadStudies()).map(({ name, title }) => ({ name, description: title }));
};

/** Everything that scenarios and the command line can name, by kind. */
export const lists: Readonly<Record<string, () => Entry[] | Promise<Entry[]>>> = {
  links: () => listProfiles().map(linkEntry),
  strategies: () => entriesOf(strategies),
  'stop-rules': () => entriesOf(stopRules),
  limits: () => Object.entries(limits).map(limitEntry),
  capabilities: () => [...capabilityDefinitions.values()].map(capabilityEntry),
  workloads: () => entriesOf(workloads),
  'read-patterns': () => entriesOf(readPatterns),
  contents: () => entriesOf(contents),
  drivers: () => describe(driverNames, drivers),
  backends: () => describe(backendNames, backends),
  studies: studyEntries,
};

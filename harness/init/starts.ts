import { readFileSync } from 'node:fs';
import { contentNames } from '#catalogue/contents';
import { limits, takersOfLimit } from '#catalogue/limits';
import { linkParameterEntries } from '#catalogue/link-parameters';
import type { Parameter } from '#catalogue/parameter';
import { expectedOf } from '#catalogue/parameter';
import { strategyNames } from '#catalogue/strategies';
import { workloadNames } from '#catalogue/workloads';
import { backendNames } from '#proto/link';
import { formatBytes } from '../format.ts';
import { listProfiles } from '../profiles.ts';
import { defaults } from '../scenario/defaults.ts';
import { help } from '../scenario/help.ts';
import { driverNames } from '../testbed/testbed.ts';
import type { Setting } from './yaml-start.ts';
import { prose, section, setting } from './yaml-start.ts';

/** Files to start from, derived from the definitions, so that what they say is so. */

export interface Start {
  /** What it makes, for help. */
  means: string;
  /** If no other name is given. */
  file: string;
  /**
   * @param name what the file calls it
   * @param schemas path of the folder of JSON Schemas, from the file's
   */
  text: (name: string, schemas: string) => string;
  /** What to do with the file. */
  next: (file: string) => string;
}

const names = (known: readonly string[]): string => known.join(', ');
const lines = (all: readonly string[]): string => `${all.join('\n')}\n`;
const forEditors = (schemas: string, schema: string): string =>
  `# yaml-language-server: $schema=${schemas}/${schema}.schema.json`;

const off = (key: string, value: Setting['value'], means: string): Setting => ({ key, value, help: means, isOff: true }); // prettier-ignore

const ofParameter = ([key, parameter]: [string, Parameter]): Setting =>
  off(
    key,
    parameter.default,
    `${parameter.help}: ${expectedOf(parameter)}${parameter.kind === 'choice' ? '' : `, in ${parameter.unit}`}`,
  );

const scenario = (name: string, schemas: string): string =>
  lines([
    forEditors(schemas, 'scenario'),
    ...prose(
      'A scenario of livemig: one migration, repeated if you like. What is behind a # has its default.',
    ),
    '',
    `name: ${name}`,
    ...setting({ key: 'link', value: 'lan-1g', help: `${help.link}: ${names(listProfiles())}` }),
    ...setting({ key: 'strategy', value: defaults.strategy, help: `${help.strategy}: ${names(strategyNames)}` }), // prettier-ignore
    ...setting(off('driver', defaults.driver, `${help.driver}: auto, ${names(driverNames)}`)),
    ...setting(off('backend', defaults.backend, `${help.backend}: auto, ${names(backendNames)}`)),
    ...section('guest', [
      { key: 'ram', value: '256MiB', help: help.guestRam },
      off('vcpus', defaults.vcpus, help.guestVcpus),
      off('baseFootprint', '64MiB', help.guestBaseFootprint),
      off('deviceState', formatBytes(defaults.deviceStateBytes).replace(' ', ''), help.guestDeviceState),
    ]),
    ...section('workload', [
      { key: 'name', value: defaults.workload, help: `${help.workloadName}: ${names(workloadNames)}` },
      { key: 'region', value: '32MiB', help: help.workloadRegion },
      { key: 'dirtyRate', value: 4000, help: help.workloadDirtyRate },
      off('content', defaults.content, `${help.workloadContent}: ${names(contentNames)}`),
    ]),
    '',
    ...prose('Those of all strategies; `livemig list limits` has the others.'),
    'limits:',
    ...Object.entries(limits)
      .filter(([key]) => takersOfLimit(key).length === 0)
      .map(ofParameter)
      .map((each) => ({ ...each, isOff: each.key !== 'downtimeLimitMs' }))
      .flatMap((each) => setting(each, 2)),
    '',
    ...setting(off('capabilities', 'multifd=2', `${help.capabilities}; \`livemig list capabilities\``)),
    ...setting(off('timeline', "'800ms link rateMbps=100; 1500ms cut forMs=300'", help.timeline)),
    ...setting(off('thresholds', '"downtimeMs: p95 < 300"', help.thresholds)),
    ...setting(off('repeat', defaults.repeat, help.repeat)),
    ...setting(off('seed', defaults.seed, help.seed)),
    ...setting(off('warmupMs', defaults.warmupMs, help.warmupMs)),
  ]);

const sweep = (name: string, schemas: string): string =>
  lines([
    forEditors(schemas, 'sweep'),
    ...prose(
      'A sweep of livemig: every combination of the values of a grid, each run several times, in random order. An interrupted sweep resumes.',
    ),
    '',
    `name: ${name}`,
    ...setting({ key: 'repeats', value: 3, help: 'runs of each cell; three are the fewest for an interval' }),
    ...setting({ key: 'seed', value: 1, help: 'of the order of the runs, and of the guests' }),
    '',
    ...prose('What all runs have in common: keys of a scenario (`livemig init scenario` shows them).'),
    'base:',
    '  link: lan-1g',
    '  guest: 256MiB',
    '',
    ...prose('Sets of cells. Each may change the base, by a `scenario` of its own.'),
    'parts:',
    '  strategies:',
    '    description: Three strategies against how fast the guest dirties its memory.',
    '    grid:',
    ...prose('Values of a key …', 6),
    '      strategy: [pre-copy, post-copy, hybrid]',
    ...prose('… or labels, each with what it changes.', 6),
    '      pagesPerS:',
    '        1000: { workload: "stress:32MiB@1000" }',
    '        8000: { workload: "stress:32MiB@8000" }',
  ]);

/** A link to start from. */
const figures: Partial<Record<string, number>> = { rateMbps: 100, delayMs: 10, bufferMs: 20 };

const link = (name: string, schemas: string): string =>
  lines([
    forEditors(schemas, 'link-profile'),
    ...prose('A link profile of livemig: what the path between the two hosts is like.'),
    '',
    `name: ${name}`,
    'description: 100 Mb/s, 20 ms round trip',
    '',
    ...prose(
      'Both directions alike. `sourceToDestination` and `destinationToSource` instead set each by itself.',
    ),
    'both:',
    ...linkParameterEntries.flatMap(([key, parameter]) => {
      const { help: means, absent } = parameter;
      const of = parameter.kind === 'choice' ? `: ${names([...parameter.among.keys()])}` : '';
      return absent === undefined
        ? setting({ key, value: figures[key] ?? parameter.default ?? 0, help: means }, 2)
        : setting(off(key, absent.example, `${means}${of}. Without it: ${absent.means}`), 2);
    }),
  ]);

const example = new URL('../../examples/strategies/two-rounds.ts', import.meta.url);
const strategy = (name: string): string =>
  readFileSync(example, 'utf8').replace(/name: '[^']*'/, `name: '${name}'`);

export const starts: Readonly<Record<string, Start>> = {
  strategy: {
    means: 'a strategy of your own, in TypeScript',
    file: 'my-strategy.ts',
    text: strategy,
    next: (file) => `livemig check ${file}, then livemig watch ${file}`,
  },
  scenario: {
    means: 'a scenario: one migration',
    file: 'my-scenario.yaml',
    text: scenario,
    next: (file) => `livemig run ${file}`,
  },
  sweep: {
    means: 'a sweep: many migrations, over the values of a grid',
    file: 'my-sweep.yaml',
    text: sweep,
    next: (file) => `livemig sweep ${file}`,
  },
  link: {
    means: 'a link profile',
    file: 'my-link.yaml',
    text: link,
    next: (file) => `livemig calibrate --link ./${file}, then livemig run --link ./${file}`,
  },
};

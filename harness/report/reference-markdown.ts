import { capabilityDefinitions } from '#catalogue/capabilities';
import type { CapabilityDefinition } from '#catalogue/capability';
import { contents } from '#catalogue/contents';
import { defaultDiskStorage } from '#catalogue/disk-storages';
import type { LinkParameter } from '#catalogue/link-parameters';
import { linkParameters } from '#catalogue/link-parameters';
import { limits, takersOfLimit } from '#catalogue/limits';
import type { Chosen, Parameter, Parameters } from '#catalogue/parameter';
import { expectedOf } from '#catalogue/parameter';
import { readPatterns } from '#catalogue/read-patterns';
import { stopRules } from '#catalogue/stop-rules';
import { strategies } from '#catalogue/strategies';
import type { WorkloadDefinition } from '#catalogue/workload';
import { workloads } from '#catalogue/workloads';
import { arrivals } from '#proto/service';
import { mebibyte } from '#proto/units';
import { conformanceCases } from '../conformance/cases.ts';
import { formatBytes } from '../format.ts';
import { rowsAsList } from '../markdown.ts';
import { defaults } from '../scenario/defaults.ts';
import { help as meanings } from '../scenario/help.ts';
import { arrivalsHelp, defaultArrivals, loadParameters } from '../scenario/service-load.ts';
import { trafficKeys } from '../scenario/traffic.ts';
import { actions } from '../timeline/entries.ts';

const rangeOf = (parameter: Parameter): string =>
  parameter.kind === 'choice' ? expectedOf(parameter) : `${expectedOf(parameter)}, in ${parameter.unit}`;

const parameterRow = ([name, parameter]: [string, Parameter]): string[] => [
  `\`${name}\``,
  parameter.help,
  rangeOf(parameter),
  String(parameter.default),
  [parameter.option === undefined ? '' : `\`${parameter.option}\``, takersOfLimit(name).join(', ')]
    .filter((text) => text !== '')
    .join(', of '),
];
const parameterHead = ['parameter', 'meaning', 'range', 'default', 'option'];

const parameterTexts = (parameters: Parameters): string =>
  Object.entries(parameters)
    .map(
      ([name, parameter]) =>
        `\`${name}\` (${parameter.help}; ${rangeOf(parameter)}; default ${parameter.default})`,
    )
    .join(', ');

const rows = (definitions: ReadonlyMap<string, Chosen>): string[] =>
  rowsAsList(
    ['name', 'meaning', 'parameters'],
    [...definitions.values()].map(({ name, help, parameters = {} }) => [
      `\`${name}\``,
      help,
      parameterTexts(parameters),
    ]),
  );

const takes = ({ hasRegion, hasDirtyRate }: WorkloadDefinition): string =>
  [...(hasRegion ? ['`region`', '`content`'] : []), ...(hasDirtyRate ? ['`dirtyRate`'] : [])].join(', ');

const valuesText = ({ values }: CapabilityDefinition): string => {
  if (values === undefined) return '';
  const { meaning, least, most, words = [], whenBare } = values;
  const range = least === undefined ? [] : [`a whole number from ${least} to ${most}`];
  return `${meaning}: ${[...range, ...words].join(', ')}; ${whenBare === true ? 'on' : whenBare} if omitted`;
};

const diskRows = (): string[][] => {
  const { diskBytes, diskBlockBytes } = defaults;
  return [
    ['guest.disk.size', meanings.diskSize, formatBytes(diskBytes)],
    ['guest.disk.allocated', meanings.diskAllocated, `a quarter, at most ${formatBytes(256 * mebibyte)}`],
    ['guest.disk.block', meanings.diskBlock, formatBytes(diskBlockBytes)],
    ['guest.disk.storage', meanings.diskStorage, `none without the section, ${defaultDiskStorage} with it`],
    ['guest.disk.live', meanings.diskLive, 'on, but off with stop-and-copy'],
    ['guest.disk.incremental', meanings.diskIncremental, 'on'],
    ['workload.diskWriteRate', meanings.workloadDiskWriteRate, '0'],
    ['workload.diskReadRate', meanings.workloadDiskReadRate, '0'],
    ['workload.diskRegion', meanings.workloadDiskRegion, 'what is allocated'],
  ].map(([key = '', ...rest]) => [`\`${key}\``, ...rest]);
};

const hostRows = (): string[][] =>
  [
    ['hosts.cpus', meanings.hostsCpus, 'no quota'],
    ['hostLoad.share', meanings.hostLoadShare, 'none: it has to be given'],
    ['hostLoad.at', meanings.hostLoadAt, 'both'],
    ['hostLoad.nice', meanings.hostLoadNice, '0'],
  ].map(([key = '', ...rest]) => [`\`${key}\``, ...rest]);

const timeoutRows = (): string[][] =>
  [
    ['onTimeout.afterMs', meanings.onTimeoutAfterMs, 'none'],
    ['onTimeout.action', meanings.onTimeoutAction, defaults.timeoutAction],
  ].map(([key = '', ...rest]) => [`\`${key}\``, ...rest]);

const actionRows = (): string[][] =>
  Object.entries(actions).map(([name, { help, schema }]) => [
    `\`${name}\``,
    help,
    Object.keys(schema.shape)
      .map((key) => `\`${key}\``)
      .join(', '),
  ]);

/** A parameter of links, and those within it. */
const linkRows = (parameters: Readonly<Record<string, LinkParameter>>, within = ''): string[][] =>
  Object.entries(parameters).flatMap(([name, parameter]) => {
    const range =
      parameter.kind === 'choice'
        ? [...parameter.among].map(([each, meaning]) => `${each} (${meaning})`).join(', ')
        : parameter.kind === 'group'
          ? Object.keys(parameter.parts).join(', ')
          : `${parameter.kind === 'integer' ? 'a whole number ' : ''}from ${parameter.least} to ${parameter.most}`;
    const value = parameter.absent?.means ?? parameter.default ?? 'none: it has to be given';
    return [
      [`\`${within}${name}\``, parameter.help, range, String(value)],
      ...(parameter.kind === 'group' ? linkRows(parameter.parts, `${name}.`) : []),
    ];
  });

/** docs/reference.md. */
export const referenceMarkdown = (): string =>
  [
    '# Reference',
    '',
    'Everything that scenarios and the command line can name. `node bin/with-node24.js setup/reference.ts` generates this',
    'page from the definitions in `catalogue/`; `livemig list` shows the same.',
    '',
    '## Strategies',
    '',
    'Scenario key `strategy`, option `--strategy`. Parameters of a strategy are set in `limits`.',
    '',
    ...rows(strategies),
    '',
    '## Stop rules',
    '',
    'What ends pre-copy: scenario key `limits.convergence`, option `--convergence`.',
    '',
    ...rows(stopRules),
    '',
    '## Limits',
    '',
    'Scenario section `limits`. A limit of one strategy or stop rule is rejected with any other.',
    '',
    ...rowsAsList(parameterHead, Object.entries(limits).map(parameterRow)),
    '',
    '## Capabilities',
    '',
    'Scenario section `capabilities`, option `--cap NAME[=VALUE][,…]`, `=off` to disable.',
    '',
    ...rowsAsList(
      ['name', 'meaning', 'value', 'default'],
      [...capabilityDefinitions.values()].map((definition) => [
        `\`${definition.name}\``,
        definition.help,
        valuesText(definition),
        definition.isOnByDefault === true ? 'on' : '',
      ]),
    ),
    '',
    '## Workloads',
    '',
    'Scenario section `workload`, option `--workload NAME[:REGION][@DIRTYRATE][,KEY=VALUE …]`.',
    '',
    ...rowsAsList(
      ['name', 'meaning', 'takes', 'parameters'],
      [...workloads.values()].map((definition) => [
        `\`${definition.name}\``,
        definition.help,
        takes(definition),
        parameterTexts(definition.parameters),
      ]),
    ),
    '',
    '## Disk',
    '',
    'Scenario section `guest.disk`, option `--disk`, and what the workload does with it ([disks.md](disks.md)).',
    '',
    ...rowsAsList(['key', 'meaning', 'default'], diskRows()),
    '',
    '## Traffic',
    '',
    'Scenario key `traffic`, a list of up to four flows, option `--traffic KIND:MBPS[,KEY=VALUE …][;…]`',
    '([loads.md](loads.md)).',
    '',
    ...rowsAsList(
      ['key', 'meaning', 'range', 'default'],
      Object.entries(trafficKeys).map(([name, { help, range, default: value }]) => [
        `\`${name}\``,
        help,
        range,
        value,
      ]),
    ),
    '',
    '## Hosts',
    '',
    'Scenario sections `hosts` and `hostLoad`, options `--host-cpus` and `--host-load SHARE[,KEY=VALUE …]`',
    '([loads.md](loads.md)).',
    '',
    ...rowsAsList(['key', 'meaning', 'default'], hostRows()),
    '',
    '## Load',
    '',
    'Requests to a service in the guest: scenario key `load`, option `--load RATE[,KEY=VALUE …]`',
    '([service.md](service.md)).',
    '',
    ...rowsAsList(
      ['key', 'meaning', 'range', 'default'],
      [
        ...Object.entries(loadParameters).map((entry) => parameterRow(entry).slice(0, 4)),
        ['`arrivals`', arrivalsHelp, arrivals.join(', '), defaultArrivals],
      ],
    ),
    '',
    '## Link profiles',
    '',
    'Each direction of a link: `both`, or `sourceToDestination` and `destinationToSource`, of a file that `link` names',
    '([links.md](links.md)).',
    '',
    ...rowsAsList(['key', 'meaning', 'range', 'default'], linkRows(linkParameters)),
    '',
    '## Time limit',
    '',
    'Scenario section `onTimeout`, option `--on-timeout MS[:ACTION]` ([running.md](running.md#a-migration-under-way)).',
    '',
    ...rowsAsList(['key', 'meaning', 'default'], timeoutRows()),
    '',
    '## Timeline',
    '',
    'Scenario key `timeline`, a list of entries, each `{ at: MOMENT, do: ACTION, … }`; option',
    '`--timeline "MOMENT ACTION[ KEY=VALUE …][; …]"` ([timeline.md](timeline.md)). A moment is a time after the start of the',
    'migration (`800ms`, `1.5s`), `round:N`, or a status (`postcopy`, `device`, …), these also with a time after it',
    '(`postcopy+200ms`).',
    '',
    ...rowsAsList(['action', 'meaning', 'keys'], actionRows()),
    '',
    '## Contents',
    '',
    'What the pages of the region hold after their self-verifying header: `workload.content`.',
    '',
    ...rows(contents),
    '',
    '## Read patterns',
    '',
    'The order in which the workload `read` reads pages: `workload.pattern`.',
    '',
    ...rows(readPatterns),
    '',
    '## Cases of livemig check',
    '',
    'What every strategy must do ([strategies.md](strategies.md#check-it)): option `--case` of `livemig check`. A case is',
    'not tried if one that it needs fails.',
    '',
    ...rowsAsList(
      ['name', 'meaning', 'needs'],
      conformanceCases().map(({ id, name, needs }) => [
        `\`${id}\``,
        name,
        needs.map((each) => `\`${each}\``).join(', '),
      ]),
    ),
    '',
  ].join('\n');

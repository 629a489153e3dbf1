import { formatBytes, formatCount } from '#harness/format';
import type { Environment, RunResult } from '#harness/result';
import type { Markup } from './html.ts';
import { markup } from './html.ts';
import { tableOf } from './table.ts';

/** `0.1.0, commit 0b8e4a7, with changes` */
const versionText = ({ livemigVersion, livemigCommit, livemigIsDirty }: Environment): string =>
  [
    livemigVersion,
    ...(typeof livemigCommit === 'string' ? [`commit ${livemigCommit.slice(0, 7)}`] : []),
    ...(livemigIsDirty === true ? ['with changes'] : []),
  ].join(', ');

/** The part of an environment that is the same for all runs of one machine and software version. */
const rowsOf = ({ driver, link, environment }: RunResult): [string, string][] => [
  ['CPU', `${environment.cpuModel}, ${environment.cpus} CPUs`],
  ['Memory', formatBytes(environment.memoryBytes)],
  ['Kernel', environment.kernel],
  ['Node', environment.nodeVersion],
  ['livemig', versionText(environment)],
  ['Driver', driver ?? 'none'],
  ['Link backend', link.backend ?? 'none'],
  ['Hosts', hostsText(environment)],
  ['TCP', networkText(environment)],
  ...Object.entries(environment.testbed).map(([name, value]): [string, string] => [
    `Testbed: ${name}`,
    value,
  ]),
];

const unique = (values: readonly string[]): string => [...new Set(values)].join('; ');

const hostsText = ({ hosts }: Environment): string =>
  hosts === null
    ? 'never came up'
    : unique(
        Object.values(hosts).flatMap((host) =>
          host === undefined ? [] : [`Node ${host.nodeVersion}, Linux ${host.kernel}`],
        ),
      );

const networkText = ({ network }: Environment): string =>
  network === null
    ? 'never came up'
    : unique([network.source, network.destination].map(({ congestionControl }) => congestionControl));

/** Each machine and software version on which runs were made. */
export const environmentSection = (runs: readonly RunResult[]): Markup => {
  const groups = [...Map.groupBy(runs, (run) => JSON.stringify(rowsOf(run))).values()];
  const columns = groups.map((group) => new Map(rowsOf(group[0]!)));
  const names = [...new Set(columns.flatMap((column) => [...column.keys()]))];
  return markup`<section id="environment">
    <h2>Environment</h2>
    <p>
      All hosts of a testbed, the router and the observer share one machine and its kernel, and so one
      monotonic clock.
    </p>
    ${tableOf({
      label: 'Environment of the runs',
      kind: 'pairs',
      head: [
        '',
        ...groups.map((group) => `${formatCount(group.length)} ${group.length === 1 ? 'run' : 'runs'}`),
      ],
      rows: names.map((name) => [name, ...columns.map((column) => column.get(name) ?? '–')]),
    })}
  </section>`;
};

import { formatBytes, formatCount } from '../../format.ts';
import type { Environment, RunResult } from '../../result.ts';
import type { Markup } from './html.ts';
import { markup } from './html.ts';
import { tableOf } from './table.ts';

/** What of an environment is the same for all runs of one machine and one software. */
const rowsOf = ({ driver, link, environment }: RunResult): [string, string][] => [
  ['CPU', `${environment.cpuModel}, ${environment.cpus} CPUs`],
  ['Memory', formatBytes(environment.memoryBytes)],
  ['Kernel', environment.kernel],
  ['Node', environment.nodeVersion],
  ['livemig', environment.livemigVersion],
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
    : unique(Object.values(hosts).map(({ nodeVersion, kernel }) => `Node ${nodeVersion}, Linux ${kernel}`));

const networkText = ({ network }: Environment): string =>
  network === null
    ? 'never came up'
    : unique([network.source, network.destination].map(({ congestionControl }) => congestionControl));

/** Each machine and software that runs were made on. */
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

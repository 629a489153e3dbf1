import type { MigrationInfo } from '#proto/control';
import { formatBytes, formatCount, formatMs, formatRate } from '../format.ts';

/** A running migration, as `livemig status` shows it. */

/** The run that it is a part of. */
export interface StatusOf {
  /** Id of its run. */
  run: string;
  /** The harness's process. */
  pid: number;
  /** The scenario's name. */
  name: string;
}

/** One document: QEMU's query-migrate in camel case, units last. */
export const statusDocument = (
  of: StatusOf,
  { ram, remainingBytes, mbps, dirtyPagesRate, disk, diskRemainingBytes, ...info }: MigrationInfo,
) => ({
  ...of,
  ...info,
  ram: ram === null ? null : { ...ram, remaining: remainingBytes, mbps, dirtyPagesRate },
  ...(disk === undefined ? {} : { disk: { ...disk, remaining: diskRemainingBytes ?? null } }),
});

const orUnknown = (value: number | null | undefined, format: (value: number) => string): string =>
  value === null || value === undefined ? '–' : format(value);

const pagesPerSecond = (rate: number): string => `${formatCount(rate)} pages/s`;

type Row = readonly [name: string, value: string];

const rowsOf = (info: MigrationInfo): readonly Row[] => {
  const { ram, disk } = info;
  const bytes = (value: number | null | undefined): string => orUnknown(value, formatBytes);
  const ms = (value: number | null): string => orUnknown(value, formatMs);
  const count = (value: number | undefined): string => orUnknown(value, formatCount);
  return [
    ['status', info.status],
    ['total time', ms(info.totalTimeMs)],
    ['setup time', ms(info.setupTimeMs)],
    ['expected downtime', ms(info.expectedDowntimeMs)],
    ['downtime', ms(info.downtimeMs)],
    ['total', bytes(ram?.total)],
    ['transferred', bytes(ram?.transferred)],
    ['remaining', bytes(info.remainingBytes)],
    ...(disk === undefined
      ? []
      : ([
          ['disk transferred', bytes(disk.transferred)],
          ['disk remaining', bytes(info.diskRemainingBytes)],
        ] as const)),
    ['throughput', orUnknown(info.mbps, formatRate)],
    ['dirty pages rate', orUnknown(info.dirtyPagesRate, pagesPerSecond)],
    ['dirty sync count', count(ram?.dirtySyncCount)],
    ['postcopy requests', count(ram?.postcopyRequests)],
  ];
};

const cutTo = (line: string, columns: number): string =>
  line.length > columns ? `${line.slice(0, Math.max(0, columns - 1))}…` : line;

/** One figure a line, aligned. No line is longer than `columns`. */
export const statusBlock = ({ pid, name }: StatusOf, info: MigrationInfo, columns: number): string[] => {
  const rows = rowsOf(info);
  const width = Math.max(...rows.map(([label]) => label.length));
  return [`${pid} (${name})`, ...rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`)].map(
    (line) => cutTo(line, columns),
  );
};

/** The same in one line, for a log: what changes while a migration runs. */
export const statusLine = (info: MigrationInfo): string => {
  const known = [
    orUnknown(info.totalTimeMs, formatMs).padStart(8),
    info.status.padEnd(16),
    `${orUnknown(info.remainingBytes, formatBytes)} left`,
    ...(info.mbps === null ? [] : [formatRate(info.mbps)]),
    ...(info.dirtyPagesRate === null ? [] : [`dirty ${pagesPerSecond(info.dirtyPagesRate)}`]),
    ...(info.expectedDowntimeMs === null ? [] : [`downtime ~${formatMs(info.expectedDowntimeMs)}`]),
    ...(info.downtimeMs === null ? [] : [`downtime ${formatMs(info.downtimeMs)}`]),
  ];
  return known.join('  ').trimEnd();
};

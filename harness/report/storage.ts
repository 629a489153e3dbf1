import type { CompletedRun } from '../result.ts';
import { figureText } from './figure-rows.ts';

type Io = NonNullable<NonNullable<CompletedRun['measurement']['disk']>['io']>;

/** How long its requests took: at the source, while it was drained, at the destination. */
const latencyRow = (io: Io): readonly [string, string, string] => {
  const shown = (id: string, value: number | null): string =>
    value === null ? '–' : figureText(`measurement.disk.io.${id}`, value);
  const of = (name: 'p50Ms' | 'p99Ms' | 'maxMs'): string =>
    (['before', 'during', 'after'] as const)
      .map((when) => shown(`${when}.${name}`, io[when][name]))
      .join(' → ');
  return [
    'disk latency',
    shown('after.p99Ms', io.after.p99Ms),
    `p99 ${of('p99Ms')} · median ${of('p50Ms')} · longest ${of('maxMs')}`,
  ];
};

/** A row about the guest's disk on the storage host; none of a guest without: label, its writes, detail. */
export const storageRows = ({
  measurement: { storage, disk },
}: Pick<CompletedRun, 'measurement'>): (readonly [label: string, figure: string, detail: string])[] => {
  if (storage === undefined) return [];
  const text = (name: keyof typeof storage): string =>
    figureText(`measurement.storage.${name}`, storage[name]);
  return [
    [
      'shared disk',
      `${text('writes')} writes`,
      `${text('reads')} reads · ${text('epochs')} leases · ${text('lateWritesRefused')} late writes refused · ` +
        `two writers for ${text('writersAtOnceMs')}`,
    ],
    ...(disk?.io === undefined ? [] : [latencyRow(disk.io)]),
  ];
};

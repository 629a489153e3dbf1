import type { CompletedRun } from '../../result.ts';
import type { CsvTable, CsvValue } from '../csv.ts';
import { seriesOf } from './series.ts';

/** Tenths of ms and six digits are more than the instruments resolve, and a third of the bytes. */
const short = (value: number | null): CsvValue => (value === null ? null : Number(value.toPrecision(6)));
const moment = (ms: number): number => Math.round(ms * 10) / 10;

/** Everything that the timeline is drawn from, unthinned: one value a line. */
export const timelineCsv = ({ measurement }: CompletedRun): CsvTable => {
  const { rounds, guestProgress, faults, downtimeStartMs, downtimeMs, totalTimeMs } = measurement;
  const { link, progress, pings } = seriesOf(measurement);
  const rows: [series: string, at: number, value: number | null][] = [
    ...link.flatMap(({ atMs, sourceToDestinationMbps, destinationToSourceMbps }): typeof rows => [
      ['source_to_destination_mbps', atMs, sourceToDestinationMbps],
      ['destination_to_source_mbps', atMs, destinationToSourceMbps],
    ]),
    ...progress.flatMap(({ atMs, transferredBytes, remainingBytes }): typeof rows => [
      ['transferred_bytes', atMs, transferredBytes],
      ['remaining_bytes', atMs, remainingBytes],
    ]),
    ...guestProgress.flatMap(
      ({ atMs, host, operationsPerSecond, pagesDirtiedPerSecond, stalledMs }): typeof rows => [
        [`guest_operations_per_s_${host}`, atMs, operationsPerSecond],
        [`guest_pages_dirtied_per_s_${host}`, atMs, pagesDirtiedPerSecond],
        [`guest_stalled_ms_${host}`, atMs, stalledMs],
      ],
    ),
    ...rounds.map(({ startMs, dirtyPagesPerSecond }): (typeof rows)[number] => [
      'round_pages_dirtied_per_s',
      startMs,
      dirtyPagesPerSecond,
    ]),
    ...pings.flatMap(({ atMs, sent, lost, p50Ms, maxMs }): typeof rows => [
      ['pings_sent', atMs, sent],
      ['pings_lost', atMs, lost],
      ['ping_p50_ms', atMs, p50Ms],
      ['ping_max_ms', atMs, maxMs],
    ]),
    ['downtime_start', downtimeStartMs, null],
    ['downtime_end', downtimeStartMs + downtimeMs, null],
    ['end', totalTimeMs, null],
  ];
  return {
    columns: ['series', 'at_ms', 'value', 'from_us', 'until_us'],
    rows: [
      ...rows.map(([series, at, value]) => [series, moment(at), short(value), null, null]),
      ...faults.histogram.map((count, power) => ['faults', null, count, 2 ** power, 2 ** (power + 1)]),
    ],
  };
};

import type { Measurement } from '../../result.ts';

/**
 * Everything that a run's timeline is drawn from, unthinned, as CSV: one value a line. The page makes it in the reader's
 * browser from the result that it carries anyway, out of this function's own source: so it may use nothing from outside.
 */
export const timelineCsv = ({ measurement }: { measurement: Measurement }): string => {
  const {
    rounds,
    linkCuts = [],
    guestProgress,
    series,
    faults,
    downtimeStartMs,
    downtimeMs,
    totalTimeMs,
  } = measurement;
  // Tenths of a ms and six digits are more than the instruments resolve.
  const text = (value: number | null): string => (value === null ? '' : String(Number(value.toPrecision(6))));
  const moment = (ms: number): string => String(Math.round(ms * 10) / 10);
  const lines = ['series,at_ms,value,from_us,until_us'];
  const add = (name: string, atMs: number, value: number | null): void => {
    lines.push(`${name},${moment(atMs)},${text(value)},,`);
  };
  for (const { atMs, sourceToDestinationMbps, destinationToSourceMbps } of series.link) {
    add('source_to_destination_mbps', atMs, sourceToDestinationMbps);
    add('destination_to_source_mbps', atMs, destinationToSourceMbps);
  }
  for (const { atMs, transferredBytes, remainingBytes } of series.progress) {
    add('transferred_bytes', atMs, transferredBytes);
    add('remaining_bytes', atMs, remainingBytes);
  }
  for (const { atMs, host, operationsPerSecond, pagesDirtiedPerSecond, stalledMs } of guestProgress) {
    add(`guest_operations_per_s_${host}`, atMs, operationsPerSecond);
    add(`guest_pages_dirtied_per_s_${host}`, atMs, pagesDirtiedPerSecond);
    add(`guest_stalled_ms_${host}`, atMs, stalledMs);
  }
  for (const { startMs, dirtyPagesPerSecond } of rounds)
    add('round_pages_dirtied_per_s', startMs, dirtyPagesPerSecond);
  for (const { atMs, sent, lost, p50Ms, maxMs } of series.pings) {
    add('pings_sent', atMs, sent);
    add('pings_lost', atMs, lost);
    add('ping_p50_ms', atMs, p50Ms);
    add('ping_max_ms', atMs, maxMs);
  }
  add('downtime_start', downtimeStartMs, null);
  add('downtime_end', downtimeStartMs + downtimeMs, null);
  for (const { startMs, durationMs } of linkCuts) {
    add('link_cut_start', startMs, null);
    if (durationMs !== null) add('link_cut_end', startMs + durationMs, null);
  }
  add('end', totalTimeMs, null);
  for (const [power, count] of faults.histogram.entries())
    lines.push(`faults,,${count},${2 ** power},${2 ** (power + 1)}`);
  return `${lines.join('\r\n')}\r\n`;
};

import type { Measurement } from '#harness/result';

/**
 * A run's timeline data, unthinned, as CSV: one value per line. The page runs this function's source in the reader's
 * browser on the embedded result, so the function must not use anything from outside.
 */
export const timelineCsv = ({ measurement }: { measurement: Measurement }): string => {
  const {
    rounds,
    linkCuts,
    guestProgress,
    series,
    service,
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
  for (const { atMs, repliesPerSecond, p50Ms, p95Ms, maxMs, errors } of service?.series ?? []) {
    add('service_replies_per_s', atMs, repliesPerSecond);
    add('service_p50_ms', atMs, p50Ms);
    add('service_p95_ms', atMs, p95Ms);
    add('service_max_ms', atMs, maxMs);
    add('service_errors', atMs, errors);
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

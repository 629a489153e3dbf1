import { formatBytes, formatCount, formatMs } from '../format.ts';
import type { Measurement } from '../result.ts';

/** What a run cost, against the one before it. */

interface Quantity {
  label: string;
  of: (measurement: Measurement) => number;
  format: (value: number) => string;
}

const quantities: readonly Quantity[] = [
  { label: 'total', of: ({ totalTimeMs }) => totalTimeMs, format: formatMs },
  { label: 'downtime', of: ({ downtimeMs }) => downtimeMs, format: formatMs },
  { label: 'sent', of: ({ ram }) => ram.transferred, format: formatBytes },
  { label: 'rounds', of: ({ rounds }) => rounds.length, format: formatCount },
  { label: 'faults', of: ({ faults }) => faults.count, format: formatCount },
  {
    label: 'stalled',
    of: ({ faults }) => faults.vcpuBlocktimeMs.reduce((sum, ms) => sum + ms, 0),
    format: formatMs,
  },
];

const changeText = (before: number, now: number): string => {
  if (before === 0) return now === 0 ? '=' : '';
  const percent = (now / before - 1) * 100;
  return Math.abs(percent) < 0.5 ? '=' : `${percent > 0 ? '+' : '−'}${Math.abs(percent).toFixed(0)} %`;
};

/** A line for each quantity: before, now, and the change. One run each says nothing of noise. */
export const differenceText = (before: Measurement, now: Measurement): string =>
  quantities
    .map(({ label, of, format }) =>
      `  ${label.padEnd(10)} ${format(of(before)).padStart(10)} → ${format(of(now)).padStart(10)}   ${changeText(of(before), of(now))}`.trimEnd(),
    )
    .join('\n');

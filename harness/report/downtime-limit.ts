import { formatMs } from '../format.ts';
import { figureAt } from '../measure/figures.ts';
import type { Measurement } from '../result.ts';

/** Compares a downtime with its limit: `exceeded by 763 ms, most of it device state (819 ms)`. */
export const downtimeLimitText = ({
  downtimeLimit,
  downtime,
}: Pick<Measurement, 'downtimeLimit' | 'downtime'>): string => {
  const { decides, exceededMs, longestPart } = downtimeLimit;
  const lengths: Readonly<Record<string, number | undefined>> = downtime;
  const most = `${figureAt(`measurement.downtime.${longestPart}`).label} (${formatMs(lengths[longestPart] ?? 0)})`;
  const standing = exceededMs > 0 ? `exceeded by ${formatMs(exceededMs)}, most of it ${most}` : 'kept';
  return decides ? standing : `${standing}; this strategy ignores it`;
};

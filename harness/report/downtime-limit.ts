import { formatMs } from '../format.ts';
import { figureAt } from '../measure/figures.ts';
import type { Measurement } from '../result.ts';

/**
 * How a downtime stands to its limit: `exceeded by 763 ms, most of it device state (819 ms)`. Empty where the result is
 * older than that.
 */
export const downtimeLimitText = ({
  downtimeLimit,
  downtime,
}: Pick<Measurement, 'downtimeLimit' | 'downtime'>): string => {
  if (downtimeLimit === undefined) return '';
  const { decides, exceededMs, longestPart } = downtimeLimit;
  const lengths: Readonly<Record<string, number | undefined>> = downtime;
  const most = `${figureAt(`measurement.downtime.${longestPart}`).label} (${formatMs(lengths[longestPart] ?? 0)})`;
  const standing = exceededMs > 0 ? `exceeded by ${formatMs(exceededMs)}, most of it ${most}` : 'kept';
  return decides ? standing : `${standing}; this strategy doesn't go by it`;
};

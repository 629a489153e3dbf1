import { formatMs } from '../format.ts';
import type { ConsolidationPlan } from '../prediction/plan-consolidate.ts';
import type { SlaPlan, WayInBudget } from '../prediction/plan-sla.ts';

/** Plans as text (pure). */

const scales = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
] as const;

/** Long times in the largest unit that they have one of: `2.3 h`. */
const long = (ms: number): string => {
  const [factor, unit] = scales.find(([least]) => Math.abs(ms) >= least) ?? [1, ''];
  return unit === '' ? formatMs(ms) : `${(ms / factor).toFixed(1)} ${unit}`;
};

const wayText = (way: WayInBudget): string => {
  const { name, downtimeMs, totalTimeMs, migrations, intervalMs, bestStart, refusal } = way;
  const cost =
    downtimeMs === null || totalTimeMs === null
      ? ''
      : `downtime ${formatMs(downtimeMs)}, total time ${formatMs(totalTimeMs)}; `;
  if (refusal !== null || intervalMs === null) return `  ${name}: ${cost}none: ${refusal ?? ''}`;
  const best =
    bestStart === null
      ? ''
      : `; best ${formatMs(bestStart.startAtMs)} after the guest's start (${formatMs(bestStart.downtimeMs)})`;
  return `  ${name}: ${cost}${migrations.toLocaleString('en-US')} migrations, one every ${long(intervalMs)}${best}`;
};

export const slaText = ({ budgetMs, ways }: SlaPlan): string =>
  [`budget: ${long(budgetMs)} of unavailability are left`, ...ways.map(wayText)].join('\n');

export const consolidationText = (plan: ConsolidationPlan): string =>
  [
    ...plan.guests.map(
      ({ name, totalTimeMs, downtimeMs, energyJ }) =>
        `  ${name}: ${formatMs(totalTimeMs)}, downtime ${formatMs(downtimeMs)}, ${energyJ.toFixed(0)} J each way`,
    ),
    `there and back: ${long(plan.migrationMs)} of migrations, ${plan.energyJ.toFixed(0)} J, ` +
      `guests unavailable for ${long(plan.downtimeMs)} in all`,
    `break-even: the host is off for ${long(plan.breakEvenMs)}; it can be off for ${long(plan.offMs)}`,
    plan.isWorth
      ? `worth it: ${plan.savedJ.toFixed(0)} J are saved`
      : `not worth it: ${(-plan.savedJ).toFixed(0)} J more are used than saved`,
  ].join('\n');

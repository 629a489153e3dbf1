import { formatBytes } from '../format.ts';
import type { Difference } from '../setting.ts';

/** `64 MiB`, `hotspot`, `off` */
export const valueText = (name: string, value: Difference['values'][number]): string => {
  if (value === undefined) return 'off';
  return name.endsWith('Bytes') && typeof value === 'number' ? formatBytes(value) : String(value);
};

/** `guest.ramBytes (64 MiB, 256 MiB), workload.name (idle, hotspot)`: in the order of the settings. */
export const differencesText = (differences: readonly Difference[]): string =>
  differences
    .map(({ name, values }) => `${name} (${values.map((value) => valueText(name, value)).join(', ')})`)
    .join(', ');

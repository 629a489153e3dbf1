/** Quantities as people write and read them; sizes are binary (KiB, MiB, GiB), rates in Mb/s are decimal. */

const unitBytes: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  kib: 1024,
  m: 1024 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gib: 1024 ** 3,
};

/**
 * Bytes of `1GiB`, `256MiB`, `4096`, `1.5GiB`; `1G` is QEMU's short form of `1GiB`. Undefined where `text` is no size,
 * decimal units (`1GB`) included: a guest's RAM is never meant in them, and guessing would be wrong by 7 %.
 */
export const parseBytes = (text: string): number | undefined => {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = unitBytes[match?.[2]?.toLowerCase() ?? '?'];
  if (match?.[1] === undefined || unit === undefined) return undefined;
  const bytes = Number(match[1]) * unit;
  return Number.isInteger(bytes) ? bytes : undefined;
};

const withUnit = (value: number, unit: string): string => {
  const digits = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
};

/** `256 MiB`, `1.50 GiB`, `812 B` */
export const formatBytes = (bytes: number): string => {
  for (const [unit, size] of [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
  ] as const)
    if (bytes >= size) return withUnit(bytes / size, unit);
  return `${bytes.toFixed(0)} B`;
};

/** `8.52 Gb/s`, `940 Mb/s` */
export const formatRate = (mbps: number): string =>
  mbps >= 1000 ? withUnit(mbps / 1000, 'Gb/s') : withUnit(mbps, 'Mb/s');

/** `12.3 ms`, `4.21 s`, `2 min 05 s` */
export const formatMs = (ms: number): string => {
  if (ms < 1000) return withUnit(Number(ms.toFixed(ms < 10 ? 2 : 1)), 'ms');
  if (ms < 120_000) return withUnit(ms / 1000, 's');
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
};

/** `950 µs`, `1.20 ms` */
export const formatUs = (us: number): string => (us < 1000 ? `${us.toFixed(0)} µs` : formatMs(us / 1000));

/** `1,234,567` */
export const formatCount = (count: number): string => Math.round(count).toLocaleString('en-US');

import { totalmem } from 'node:os';
import { LivemigError } from '#proto/errors';
import type { GuestConfig } from '#proto/guest';
import { mebibyte, pageSizeBytes } from '#proto/units';
import { geometryOf } from './geometry.ts';

/** Ledger, first versions and bitmaps of a page (shared.ts). */
const bookkeepingBytes = 9;

/** The memory of this machine or its control group, in bytes. */
const memoryBytes = (): number => {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(totalmem(), constrained) : totalmem();
};

/** Memory that a guest takes at least: its zero pages cost nothing. */
const footprintBytes = (guest: GuestConfig): number => {
  const { pageCount, basePages, regionPages } = geometryOf(guest);
  return Math.min(pageCount, basePages + regionPages) * pageSizeBytes + pageCount * bookkeepingBytes;
};

/** @throws LivemigError UNSUPPORTED for a guest that this machine can't hold, whatever else the machine does. */
export const requireRoom = (guest: GuestConfig, availableBytes: number = memoryBytes()): void => {
  const needed = footprintBytes(guest);
  if (needed <= availableBytes) return;
  const inMiB = (bytes: number): string => `${Math.ceil(bytes / mebibyte)} MiB`;
  throw new LivemigError(
    'UNSUPPORTED',
    `bootGuest: expected a guest that this machine's ${inMiB(availableBytes)} can hold, got one that fills ` +
      `${inMiB(needed)}: boot a smaller one`,
  );
};

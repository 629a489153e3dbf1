/** tc's command lines, and what it prints, read back. */
import { LivemigError } from '#proto/errors';
import type { LinkDirection } from '#proto/link';
import { command } from '../command.ts';
import { bufferBytes, burstBytes, bytesPerMs } from './sizing.ts';

export interface QdiscStatistics {
  bytes: number;
  packets: number;
  drops: number;
}

/** One qdisc of `tc -j qdisc show`: the fields needed here. */
export interface Qdisc extends Partial<QdiscStatistics> {
  kind: string;
  handle: string;
  root?: boolean;
  parent?: string;
  options: Record<string, unknown>;
}

export const tc = (...args: string[]): Promise<string> =>
  command(['tc', ...args], { code: 'LINK_NOT_APPLIED' });

/** `-r` makes tc print TBF's limit in any case. */
export const showQdiscs = async (device: string): Promise<Qdisc[]> => {
  const text = await tc('-s', '-r', '-j', 'qdisc', 'show', 'dev', device);
  try {
    return (JSON.parse(text) as Qdisc[]).map((qdisc) => ({
      ...qdisc,
      handle: qdisc.handle.replace(/\[.*$/, ''),
    }));
  } catch (cause) {
    throw new LivemigError(
      'LINK_NOT_APPLIED',
      `tc printed no JSON for ${device} but: ${text.slice(0, 200)}`,
      { cause },
    );
  }
};

/** tc's human-readable output; stored with the result. */
export const describeQdiscs = async (device: string): Promise<string> =>
  (await tc('qdisc', 'show', 'dev', device))
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .join('; ');

/** A TBF's parameters for the rate of a direction. */
/** @param isLive the link is in use */
export const tbfArguments = (direction: LinkDirection, isLive = false): string[] => [
  'tbf', 'rate', `${String(Math.round(direction.rateMbps * 1e3))}kbit`,
  'burst', String(burstBytes(direction.rateMbps, isLive)),
  'limit', String(bufferBytes(direction, isLive)),
]; // prettier-ignore

const isNear = (is: unknown, wanted: number, tolerance: number): boolean =>
  typeof is === 'number' && Math.abs(is - wanted) <= Math.max(wanted * tolerance, 1);

const numberOf = (value: unknown): string => (typeof value === 'number' ? String(value) : 'nothing');

/** What differs between a TBF as read back and as asked; empty when it is right. */
export const tbfMismatches = (
  qdisc: Qdisc | undefined,
  direction: LinkDirection,
  isLive = false,
): string[] => {
  if (qdisc?.kind !== 'tbf') return [`expected a tbf, found ${qdisc?.kind ?? 'nothing'}`];
  const { rate, burst, limit } = qdisc.options;
  const wanted = {
    rate: bytesPerMs(direction.rateMbps) * 1e3,
    burst: burstBytes(direction.rateMbps, isLive),
    limit: bufferBytes(direction, isLive),
  };
  return [
    // The kernel keeps the burst in ticks of its clock, so it comes back rounded.
    ...(isNear(rate, wanted.rate, 0.001)
      ? []
      : [`tbf rate ${numberOf(rate)} B/s instead of ${String(wanted.rate)}`]),
    ...(isNear(burst, wanted.burst, 0.01)
      ? []
      : [`tbf burst ${numberOf(burst)} B instead of ${String(wanted.burst)}`]),
    ...(isNear(limit, wanted.limit, 0)
      ? []
      : [`tbf limit ${numberOf(limit)} B instead of ${String(wanted.limit)}`]),
  ];
};

/** @throws LivemigError LINK_NOT_APPLIED when there is any mismatch. */
export const expectApplied = (device: string, mismatches: readonly string[]): void => {
  if (mismatches.length === 0) return;
  throw new LivemigError(
    'LINK_NOT_APPLIED',
    `${device} reads back other than it was set: ${mismatches.join('; ')}`,
  );
};

/**
 * A qdisc's counters. They include every segment's headers: the kernel reckons a GSO packet's length as the sum of
 * its segments on the wire.
 */
export const statisticsOf = (device: string, qdisc: Qdisc | undefined): QdiscStatistics => {
  if (qdisc?.bytes === undefined || qdisc.packets === undefined || qdisc.drops === undefined)
    throw new LivemigError(
      'LINK_NOT_APPLIED',
      `${device} has lost its qdisc: the link isn't shaped any more`,
    );
  return { bytes: qdisc.bytes, packets: qdisc.packets, drops: qdisc.drops };
};

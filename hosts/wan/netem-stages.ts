/** The stages of the netem backend as tc arguments, and their comparison with what reads back. Pure. */
import { defaultJitterDistribution, jitterDistributions } from '#catalogue/jitter-distributions';
import type { LinkDirection } from '#proto/link';
import { hitsPackets } from '#proto/link';
import { bufferBytes, bytesPerMs, delayLimitPackets, wireMtuBytes } from './sizing.ts';
import type { Qdisc } from './tc.ts';

/**
 * netem sorts packets by due time, so that jitter would reorder them; with a rate each is due after the one before
 * (sch_netem.c, netem_enqueue). This one is far above any profile's: 0.12 µs a packet.
 */
const orderKeepingRate = '100gbit';
const orderKeepingBytesPerS = 12.5e9;

interface Stages {
  rootKind: 'netem' | 'tbf';
  splitter: string[] | null;
  delay: string[];
  delayHandle: string;
  bottleneck: string[];
  bottleneckHandle: string;
}

/** Where each stage is attached. The splitter exists only where something hits packets, or may later. */
export const stagesOf = (direction: LinkDirection, mayHitPackets = false): Stages =>
  mayHitPackets || hitsPackets(direction)
    ? {
        rootKind: 'tbf',
        splitter: ['root', 'handle', '1:'],
        delay: ['parent', '1:1', 'handle', '2:'],
        delayHandle: '2:',
        bottleneck: ['parent', '2:1', 'handle', '3:'],
        bottleneckHandle: '3:',
      }
    : {
        rootKind: 'netem',
        splitter: null,
        delay: ['root', 'handle', '1:'],
        delayHandle: '1:',
        bottleneck: ['parent', '1:1', 'handle', '2:'],
        bottleneckHandle: '2:',
      };

/** The kernel keeps a queue's limit in 32 bits. */
const mostLimitBytes = 2 ** 32 - 1;

/** More than ever queues there. */
const splitterLimitBytes = (direction: LinkDirection): number =>
  Math.min(
    mostLimitBytes,
    2 * Math.ceil(bytesPerMs(direction.rateMbps) * direction.delayMs) + 4 * bufferBytes(direction),
  );

/**
 * A TBF splits super-packets larger than its `mtu`, which counts with a peak rate only; so loss after it hits packets
 * of the wire and not 64 KiB at a time. Both rates are too high to shape anything. (Offload turned off on the router's
 * interfaces wouldn't do: devices split after their qdisc.)
 */
export const splitterArguments = (direction: LinkDirection): string[] => [
  'tbf', 'rate', '30gbit', 'burst', '15000000', 'limit', String(splitterLimitBytes(direction)),
  'peakrate', '34gbit', 'mtu', String(2 * wireMtuBytes),
]; // prettier-ignore

const percent = (value: number): string => `${String(value)}%`;

/** tc takes whole microseconds. */
const inMs = (ms: number): string => ms.toFixed(3);

/** In tc's order: p, r, 1-h, 1-k. */
const gemodelPercents = ({ gemodel }: LinkDirection): number[] =>
  gemodel === undefined
    ? []
    : [gemodel.pPercent, gemodel.rPercent, gemodel.badLossPercent, gemodel.goodLossPercent];

const lossArguments = (direction: LinkDirection): string[] => {
  if (direction.gemodel !== undefined) return ['loss', 'gemodel', ...gemodelPercents(direction).map(percent)];
  return direction.lossPercent > 0 ? ['loss', 'random', percent(direction.lossPercent)] : [];
};

const distributionArguments = ({
  jitterMs,
  jitterDistribution = defaultJitterDistribution,
}: LinkDirection): string[] => {
  const { tcName } = jitterDistributions[jitterDistribution];
  return jitterMs > 0 && tcName !== null ? ['distribution', tcName] : [];
};

/** What becomes of packets apart from the rate, in tc's words. */
export const impairmentArguments = (direction: LinkDirection): string[] => {
  const { delayMs, jitterMs, duplicatePercent = 0, reorderPercent = 0 } = direction;
  const { reorderCorrelationPercent = 0, reorderGap = 1 } = direction;
  return [
    'delay', `${inMs(delayMs)}ms`, `${inMs(jitterMs)}ms`, '0%',
    ...distributionArguments(direction),
    ...lossArguments(direction),
    ...(duplicatePercent > 0 ? ['duplicate', percent(duplicatePercent)] : []),
    ...(reorderPercent > 0
      ? ['reorder', percent(reorderPercent), percent(reorderCorrelationPercent), 'gap', String(reorderGap)]
      : []),
  ]; // prettier-ignore
};

/** Restates everything that netem keeps where it isn't named: the rate, and (by the delay's) all correlations. */
export const netemArguments = (direction: LinkDirection): string[] => [
  'netem',
  'limit', String(delayLimitPackets(direction)),
  ...impairmentArguments(direction),
  'rate', direction.jitterMs > 0 ? orderKeepingRate : '0bit',
]; // prettier-ignore

/** Whether netem is given a table of deviates, which it keeps as long as it lives … */
export const setsTable = (direction: LinkDirection): boolean => distributionArguments(direction).length > 0;

/** … and whether it must have none: tc has no name for uniform jitter's. */
export const forbidsTable = (direction: LinkDirection): boolean =>
  direction.jitterMs > 0 && !setsTable(direction);

interface NetemOptions {
  limit?: number;
  delay?: { delay: number; jitter: number };
  'loss-random'?: { loss: number };
  'loss-gemodel'?: { p: number; r: number; '1-h': number; '1-k': number };
  duplicate?: { duplicate: number };
  reorder?: { reorder: number; correlation: number };
  gap?: number;
  rate?: { rate: number };
}

/** tc cuts what it was told to whole microseconds on the way in, and again on the way out. */
const timeToleranceS = 2.001e-6;
const toldS = (ms: number): number => Number(inMs(ms)) / 1e3;

/** What differs between netem as read back and as asked; empty when it is right. */
export const netemMismatches = (qdisc: Qdisc | undefined, direction: LinkDirection): string[] => {
  if (qdisc?.kind !== 'netem') return [`expected netem, found ${qdisc?.kind ?? 'nothing'}`];
  const options = qdisc.options as NetemOptions;
  const { reorderPercent = 0 } = direction;
  const compare = (what: string, is: number, wanted: number, tolerance: number): string[] =>
    Math.abs(is - wanted) <= tolerance ? [] : [`netem ${what} ${String(is)} instead of ${String(wanted)}`];
  return [
    ...compare('limit', options.limit ?? 0, delayLimitPackets(direction), 0),
    ...compare('delay (s)', options.delay?.delay ?? 0, toldS(direction.delayMs), timeToleranceS),
    ...compare('jitter (s)', options.delay?.jitter ?? 0, toldS(direction.jitterMs), timeToleranceS),
    ...compare('loss fraction', options['loss-random']?.loss ?? 0, direction.lossPercent / 100, 1e-6),
    ...(['p', 'r', '1-h', '1-k'] as const).flatMap((name, nth) =>
      compare(
        `gemodel ${name}`,
        options['loss-gemodel']?.[name] ?? 0,
        (gemodelPercents(direction)[nth] ?? 0) / 100,
        1e-6,
      ),
    ),
    ...compare('duplicate', options.duplicate?.duplicate ?? 0, (direction.duplicatePercent ?? 0) / 100, 1e-6),
    ...compare('reorder', options.reorder?.reorder ?? 0, reorderPercent / 100, 1e-6),
    ...compare('reorder correlation', options.reorder?.correlation ?? 0, reorderPercent > 0 ? (direction.reorderCorrelationPercent ?? 0) / 100 : 0, 1e-6), // prettier-ignore
    ...compare('gap', options.gap ?? 0, reorderPercent > 0 ? (direction.reorderGap ?? 1) : 0, 0),
    ...compare(
      'order-keeping rate (B/s)',
      options.rate?.rate ?? 0,
      direction.jitterMs > 0 ? orderKeepingBytesPerS : 0,
      1e6,
    ),
  ];
};

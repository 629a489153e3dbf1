import { defaultMtuBytes } from '#proto/frames';
import type { Gemodel, LinkDirection } from '#proto/link';
import { defaultJitterDistribution, jitterDistributions } from './jitter-distributions.ts';

/**
 * What a direction of a link has, each parameter declared once: the schemas of profiles, management plane and results,
 * `livemig init link`, `list` and docs/reference.md are derived from this table. Rules over several are in
 * harness/link-limits.ts.
 */

interface Declared {
  help: string;
  /** Its value where it isn't given. */
  default?: number;
  /** It may be absent, which means this; and what it looks like where it is given. Otherwise it has a value. */
  absent?: { means: string; example: string };
  /** Why it doesn't change while a migration runs; without it, it may. */
  isFixedBecause?: string;
}

export interface LinkNumber extends Declared {
  kind: 'number' | 'integer';
  unit: string;
  least: number;
  most: number;
}

interface LinkChoice extends Declared {
  kind: 'choice';
  /** Each with its meaning. */
  among: ReadonlyMap<string, string>;
}

interface LinkGroup extends Declared {
  kind: 'group';
  parts: Readonly<Record<string, LinkNumber>>;
}

/** With neither a default nor a meaning of its absence, it has to be given. */
export type LinkParameter = LinkNumber | LinkChoice | LinkGroup;

const percent = (least: number, most: number, help: string) =>
  ({ kind: 'number', unit: 'percent', least, most, help }) as const;

const gemodelParts = {
  pPercent: percent(0.001, 100, 'How often a packet leaves the good state for the bad one (netem: p)'),
  rPercent: percent(
    0.001,
    100,
    'How often a packet leaves the bad state: a stay lasts 100/rPercent packets on average (netem: r)',
  ),
  badLossPercent: { ...percent(0, 100, 'Loss in the bad state (netem: 1-h)'), default: 100 },
  goodLossPercent: { ...percent(0, 50, 'Loss in the good state (netem: 1-k)'), default: 0 },
} satisfies Record<keyof Gemodel, LinkNumber>;

/** Bounds are of plausibility: 100 Gb/s, and a round trip over a geostationary satellite. */
export const linkParameters = {
  rateMbps: {
    kind: 'number',
    unit: 'Mb/s',
    least: 1,
    most: 100_000,
    help: 'Bottleneck rate in Mb/s, of IP packets with 14 bytes of Ethernet header',
  },
  delayMs: {
    kind: 'number',
    unit: 'ms one way',
    least: 0,
    most: 1_000,
    help: 'One-way propagation delay in ms',
  },
  jitterMs: {
    kind: 'number',
    unit: 'ms',
    least: 0,
    most: 1_000,
    help: 'How far the delay varies in ms, by the distribution; order is kept',
    default: 0,
  },
  jitterDistribution: {
    kind: 'choice',
    among: new Map(Object.entries(jitterDistributions).map(([name, { help }]) => [name, help])),
    help: "How the delay varies, by netem's names and with its tables",
    absent: { means: defaultJitterDistribution, example: 'pareto' },
  },
  lossPercent: { ...percent(0, 50, 'Independent random loss in percent of packets'), default: 0 },
  gemodel: {
    kind: 'group',
    parts: gemodelParts,
    help: "Loss in bursts instead of lossPercent: the model of Gilbert and Elliott (netem's loss gemodel)",
    absent: { means: 'no such loss', example: '{ pPercent: 1, rPercent: 25 }' },
  },
  duplicatePercent: {
    ...percent(0, 50, 'Packets that come twice, in percent'),
    absent: { means: '0', example: '0.1' },
  },
  reorderPercent: {
    ...percent(0, 50, "Packets that don't wait out the delay, and so overtake those that do, in percent"),
    absent: { means: '0', example: '1' },
  },
  reorderCorrelationPercent: {
    ...percent(0, 99, 'How much each of these draws resembles the one before it, in percent'),
    absent: { means: '0', example: '50' },
  },
  reorderGap: {
    kind: 'integer',
    unit: 'packets',
    least: 1,
    most: 10_000,
    help: 'Between two packets that overtake, at least one less than this is delayed',
    absent: { means: '1', example: '5' },
  },
  mtuBytes: {
    kind: 'integer',
    unit: 'bytes',
    least: 576,
    most: defaultMtuBytes,
    help: "The link's MTU: bytes of an IP packet at most, the same in both directions",
    absent: { means: String(defaultMtuBytes), example: '1400' },
    isFixedBecause: "the hosts' routes have the link's MTU from its start",
  },
  bufferMs: {
    kind: 'number',
    unit: 'ms of traffic that the router may hold,',
    least: 0.1,
    most: 10_000,
    help: 'Bottleneck buffer in ms of the rate',
  },
} as const satisfies Record<keyof LinkDirection, LinkParameter>;

/** The table as those see it who go through it. */
export const linkParameterEntries = Object.entries(linkParameters) as [keyof LinkDirection, LinkParameter][];

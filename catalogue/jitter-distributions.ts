/**
 * How the delay of a direction varies: netem's distributions, by its names and with its tables (iproute2, netem/*.c). A
 * delay is `delayMs` and `jitterMs` times a deviate, which is drawn from the 4096 equally likely ones of a table.
 */
interface JitterDistributionDefinition {
  readonly help: string;
  /** tc's name for its table. Null: tc has none, as it is what netem draws without one. */
  readonly tcName: string | null;
  /** The nth deviate of the table, ascending. */
  readonly deviate: (nth: number) => number;
}

/** Entries of a table (tc's files have as many). */
export const tableEntries = 4096;
/** netem keeps deviates as signed 16-bit numbers, 8192 to the unit. */
const scale = 8192;
const leastDeviate = -32_768 / scale;
const mostDeviate = 32_767 / scale;

/** Standard normal deviate below which a share of 0 to 1 lies (Acklam's approximation, off by 1.2e-9 of itself). */
const normalQuantile = (share: number): number => {
  const a = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239] as const; // prettier-ignore
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572] as const; // prettier-ignore
  const c = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783] as const; // prettier-ignore
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416] as const;
  const tail = (part: number): number => {
    const q = Math.sqrt(-2 * Math.log(part));
    return (
      (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
      ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1)
    );
  };
  const edge = 0.02425;
  if (share < edge) return tail(share);
  if (share > 1 - edge) return -tail(1 - share);
  const q = share - 0.5;
  const r = q * q;
  return (
    ((((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q) /
    (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1)
  );
};

/** normal.c: of a table of 16,384 every fourth, the largest deviate that rounds to it. */
const normal = (nth: number): number => normalQuantile((nth + 0.125) / tableEntries);

/** pareto.c: shape 3, its mean taken off, and scaled so that what is cut off at the table's end leaves about one. */
const pareto = (nth: number): number =>
  Math.min(mostDeviate, ((1 - nth / tableEntries) ** (-1 / 3) - 1.5) * (4 / 3));

export const jitterDistributions = {
  uniform: {
    help: 'anywhere from delayMs - jitterMs to delayMs + jitterMs, equally often',
    tcName: null,
    deviate: (nth) => (nth + 0.5) / (tableEntries / 2) - 1,
  },
  normal: {
    help: 'jitterMs is the standard deviation, as much below delayMs as above',
    tcName: 'normal',
    deviate: (nth) => Math.max(leastDeviate, normal(nth)),
  },
  pareto: {
    help: 'never less than delayMs - 2/3 jitterMs, and a long tail of late packets, up to 4 times jitterMs',
    tcName: 'pareto',
    deviate: pareto,
  },
  paretonormal: {
    help: 'a quarter normal, three quarters pareto: what was measured on the Internet (NIST Net)',
    tcName: 'paretonormal',
    deviate: (nth) => (normal(nth) + 3 * pareto(nth)) / 4,
  },
} as const satisfies Readonly<Record<string, JitterDistributionDefinition>>;

export type JitterDistribution = keyof typeof jitterDistributions;
export const jitterDistributionNames = Object.keys(jitterDistributions) as [
  JitterDistribution,
  ...JitterDistribution[],
];
export const defaultJitterDistribution: JitterDistribution = 'normal';

const tables = new Map<JitterDistribution, Float64Array>();

/** Its deviates, ascending. One that is drawn at random is one of the distribution. */
export const deviatesOf = (distribution: JitterDistribution): Float64Array => {
  const known = tables.get(distribution);
  if (known !== undefined) return known;
  const { deviate } = jitterDistributions[distribution];
  const table = Float64Array.from({ length: tableEntries }, (_, nth) => deviate(nth));
  tables.set(distribution, table);
  return table;
};

/** What varies a direction's delay. */
export interface Jitter {
  jitterMs: number;
  jitterDistribution?: JitterDistribution;
}

/** How far from its delay a packet may be at most, in ms, early or late. */
export const jitterReachMs = ({
  jitterMs,
  jitterDistribution = defaultJitterDistribution,
}: Jitter): number => {
  if (jitterMs === 0) return 0;
  const deviates = deviatesOf(jitterDistribution);
  return jitterMs * Math.max(-deviates[0]!, deviates[tableEntries - 1]!);
};

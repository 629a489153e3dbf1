import type { Limits } from './common-limits.ts';
import { commonLimits } from './common-limits.ts';
import type { Parameter, Parameters } from './parameter.ts';
import { allParameters, choice, possibleOf, possibleParameters, takersOf, valuesOf } from './parameter.ts';
import { stopRules } from './stop-rules.ts';
import { strategies } from './strategies.ts';

const { downtimeLimitMs, ...others } = commonLimits;

/** The limits of every strategy. */
const common = {
  downtimeLimitMs,
  convergence: choice({
    help: 'what ends pre-copy',
    what: 'convergence rule',
    among: stopRules,
    default: 'qemu',
    option: '--convergence <rule>',
  }),
  ...others,
} satisfies Parameters;

/** Every limit by name. */
export const limits: Parameters = {
  ...possibleParameters(common),
  ...possibleOf(strategies.values()),
};

/** The limits that apply to this strategy; a strategy file may use any. */
export const limitsOf = (strategy: string, values: Readonly<Record<string, unknown>>): Parameters => {
  const own = strategies.get(strategy);
  return own === undefined ? limits : allParameters({ ...common, ...own.parameters }, values);
};

/** The strategies, or choices among the limits, that take this limit. */
export const takersOfLimit = (name: string): string[] => [
  ...takersOf(strategies.values(), name),
  ...Object.entries(common).flatMap(([key, parameter]: [string, Parameter]) =>
    parameter.kind === 'choice'
      ? takersOf(parameter.among.values(), name).map((taker) => `${key}=${taker}`)
      : [],
  ),
];

export type { Limits };

/** Each at its default. */
export const defaultLimits = valuesOf(limits) as Limits;

const adjustable = Object.entries(common).flatMap(([name, { isAdjustable }]) =>
  isAdjustable === true ? [name] : [],
);
/** The limits that may be changed while a migration runs (QEMU's migrate-set-parameters). */
export const adjustableLimits: readonly string[] = adjustable;
export type AdjustableLimits = Pick<
  Limits,
  'downtimeLimitMs' | 'maxBandwidthMbps' | 'maxPostcopyBandwidthMbps' | 'availSwitchoverBandwidthMbps'
>;

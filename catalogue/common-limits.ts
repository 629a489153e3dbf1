import type { ParameterValue, Parameters, ValuesOf } from './parameter.ts';
import { integer } from './parameter.ts';

const minuteMs = 60_000;

const bandwidth = (given: { help: string; option: string; qemu: string }) =>
  integer({ ...given, unit: 'Mb/s', least: 0, most: 100_000, default: 0, isAdjustable: true });

/** The limits of every strategy, except for the stop rule (limits.ts). */
export const commonLimits = {
  downtimeLimitMs: integer({
    help: 'switch over when the pending pages and device state fit into it',
    unit: 'ms',
    least: 1,
    most: 2_000_000,
    default: 300,
    option: '--downtime-limit <ms>',
    qemu: 'downtime-limit',
    isAdjustable: true,
  }),
  maxRounds: integer({
    help: 'pre-copy fails as not converging after this many rounds (rules qemu and smart-stop)',
    unit: 'rounds',
    least: 1,
    most: 10_000,
    default: 100,
    option: '--max-rounds <n>',
  }),
  maxPrecopyMs: integer({
    help: 'pre-copy fails as not converging after this time (rules qemu, smart-stop and stall)',
    unit: 'ms',
    least: 1,
    most: 60 * minuteMs,
    default: 120_000,
    option: '--max-precopy <ms>',
  }),
  postcopyPushDelayMs: integer({
    help: "delay of post-copy's push after the switchover; for benchmarks of fault latency",
    unit: 'ms',
    least: 0,
    most: 10 * minuteMs,
    default: 0,
  }),
  maxBandwidthMbps: bandwidth({
    help: 'cap on page messages before the switchover; the final pages are exempt; 0 = none',
    option: '--max-bandwidth <mbps>',
    qemu: 'max-bandwidth',
  }),
  maxPostcopyBandwidthMbps: bandwidth({
    help: "cap on post-copy's push; demand pages count, but never wait; 0 = none",
    option: '--max-postcopy-bandwidth <mbps>',
    qemu: 'max-postcopy-bandwidth',
  }),
  availSwitchoverBandwidthMbps: bandwidth({
    help: 'bandwidth assumed for the switchover; 0 = as measured',
    option: '--avail-switchover-bandwidth <mbps>',
    qemu: 'avail-switchover-bandwidth',
  }),
} satisfies Parameters;

/**
 * A migration's limits: those of every strategy, and the parameters of strategies and stop rules by name.
 */
export type Limits = ValuesOf<typeof commonLimits> & { convergence: string } & Record<
    string,
    ParameterValue | undefined
  >;

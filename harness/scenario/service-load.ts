import { z } from 'zod';
import type { Parameters } from '#catalogue/parameter';
import { integer, number } from '#catalogue/parameter';
import { arrivals, loadRateMaxPerSecond, loadTimeoutMaxMs } from '#proto/service';
import type { LoadConfig } from '#proto/service';
import { oneOf, parameter } from './fields.ts';

/** Requests to the guest's service: one definition for scenario, editors and docs/reference.md. */

export const loadParameters = {
  rate: number({
    help: 'requests per second, sent on a fixed schedule whatever becomes of them',
    unit: 'requests/s',
    least: 0,
    isAboveLeast: true,
    most: loadRateMaxPerSecond,
    default: 1000,
  }),
  timeoutMs: integer({
    help: 'an answer that takes longer, from the scheduled instant, is an error',
    unit: 'ms',
    least: 1,
    most: loadTimeoutMaxMs,
    default: 1000,
  }),
} satisfies Parameters;

export const arrivalsHelp =
  'uniform = at equal distances; poisson = at random distances, from the seed, as from many independent users';
export const defaultArrivals = 'uniform';

export const loadField = () =>
  z
    .strictObject({
      rate: parameter(loadParameters.rate),
      arrivals: oneOf('arrivals', arrivals).describe(arrivalsHelp),
      timeoutMs: parameter(loadParameters.timeoutMs),
    })
    .optional();

/** Fills in the defaults. */
export const completeLoad = (given: z.output<ReturnType<typeof loadField>>): LoadConfig | undefined =>
  given === undefined
    ? undefined
    : {
        rate: Number(given.rate ?? loadParameters.rate.default),
        arrivals: given.arrivals ?? defaultArrivals,
        timeoutMs: Number(given.timeoutMs ?? loadParameters.timeoutMs.default),
      };

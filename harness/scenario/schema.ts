import { z } from 'zod';
import { readPatterns, workloadContents, workloadNames } from '../../proto/guest.ts';
import { backendNames } from '../../proto/link.ts';
import { convergenceRules, faultModes } from '../../proto/strategy.ts';
import { gibibyte, mebibyte } from '../../proto/units.ts';
import { driverNames } from '../testbed/testbed.ts';
import { capabilitiesField } from './capabilities.ts';
import {
  bytes,
  bytesOrShare,
  dirtyRate,
  flag,
  fraction,
  integer,
  linkName,
  oneOf,
  strategy,
  word,
} from './fields.ts';

/** Guests keep their seed in 32 bits. */
export const seedMax = 2 ** 32 - 1;
const minuteMs = 60_000;
const pages = { wholePages: true };

/** A scenario document as people write it: every key optional, unknown keys refused. */
export const scenarioSchema = (links: readonly string[]) =>
  z.strictObject({
    name: word('a name for the scenario'),
    description: z.string().optional(),
    link: linkName(links),
    driver: oneOf('driver', ['auto', ...driverNames] as const),
    backend: oneOf('backend', ['auto', ...backendNames] as const),
    strategy: strategy(),
    guest: z
      .strictObject({
        ram: bytes(8 * mebibyte, 16 * gibibyte, pages),
        vcpus: integer(1, 8),
        baseFootprint: bytesOrShare(0, 16 * gibibyte, pages),
        deviceState: bytes(0, 256 * mebibyte, { wholePages: false }),
        prealloc: flag(),
      })
      .optional(),
    workload: z
      .strictObject({
        name: oneOf('workload', workloadNames),
        region: bytesOrShare(0, 16 * gibibyte, pages),
        dirtyRate: dirtyRate(),
        hotWriteFraction: fraction(),
        hotRegionFraction: fraction(),
        content: oneOf('content', workloadContents),
        pattern: oneOf('pattern', readPatterns),
      })
      .optional(),
    limits: z
      .strictObject({
        downtimeLimitMs: integer(1, 2_000_000),
        convergence: oneOf('convergence rule', convergenceRules),
        stallWindowMs: integer(1, 10 * minuteMs),
        maxRounds: integer(1, 10_000),
        maxPrecopyMs: integer(1, 60 * minuteMs),
        hybridRounds: integer(1, 100),
        postcopyPushDelayMs: integer(0, 10 * minuteMs),
        maxBandwidthMbps: integer(0, 100_000),
        maxPostcopyBandwidthMbps: integer(0, 100_000),
        availSwitchoverBandwidthMbps: integer(0, 100_000),
      })
      .optional(),
    transfer: z
      .strictObject({
        channels: integer(1, 16),
        faults: oneOf('way to answer faults', faultModes),
        dirtyBitmap: flag(),
        uniformPages: flag(),
      })
      .optional(),
    capabilities: capabilitiesField(),
    congestionControl: word('a TCP congestion control'),
    repeat: integer(1, 1000),
    seed: integer(0, seedMax),
    warmupMs: integer(0, 10 * minuteMs),
    pingIntervalMs: integer(1, 1000),
  });

export type ScenarioDocument = z.output<ReturnType<typeof scenarioSchema>>;

import { defaultLimits, defaultTransfer } from '../../proto/strategy.ts';
import type { WorkloadConfig } from '../../proto/guest.ts';
import { capabilitiesBy, switchesBy } from './capabilities.ts';
import {
  defaultBaseFootprintBytes,
  defaultDirtyRate,
  defaultRegionBytes,
  defaults,
  wholePages,
} from './defaults.ts';
import type { ShareOfRam } from './fields.ts';
import type { ScenarioDocument } from './schema.ts';
import type { Scenario } from './types.ts';

/** `{ ...defaults, ...given }` without the keys that are given as undefined. */
const over = <T extends object>(base: T, given: { [K in keyof T]?: T[K] | undefined } | undefined): T => ({
  ...base,
  ...Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value !== undefined)),
});

const inBytes = (size: number | ShareOfRam | undefined, ramBytes: number): number | undefined =>
  typeof size === 'object' ? wholePages(size.share * ramBytes) : size;

const workloadOf = (document: ScenarioDocument, ramBytes: number): WorkloadConfig => {
  const given = document.workload ?? {};
  const name = given.name ?? defaults.workload;
  const regionBytes = inBytes(given.region, ramBytes) ?? defaultRegionBytes(name, ramBytes);
  const rate = given.dirtyRate ?? 'auto';
  return {
    name,
    regionBytes,
    dirtyRatePagesPerSecond: rate === 'auto' ? defaultDirtyRate(name, regionBytes) : rate,
    hotWriteFraction: given.hotWriteFraction ?? defaults.hotWriteFraction,
    hotRegionFraction: given.hotRegionFraction ?? defaults.hotRegionFraction,
    content: given.content ?? defaults.content,
    pattern: given.pattern ?? defaults.pattern,
  };
};

/** Fill in every default. */
export const completeScenario = (document: ScenarioDocument): Scenario => {
  const ramBytes = document.guest?.ram ?? defaults.ramBytes;
  const workload = workloadOf(document, ramBytes);
  const capabilities = document.capabilities ?? {};
  return {
    name: document.name ?? 'unnamed',
    link: document.link ?? defaults.link,
    driver: document.driver ?? defaults.driver,
    backend: document.backend ?? defaults.backend,
    guest: {
      ramBytes,
      vcpus: document.guest?.vcpus ?? defaults.vcpus,
      baseFootprintBytes:
        inBytes(document.guest?.baseFootprint, ramBytes) ?? defaultBaseFootprintBytes(ramBytes),
      deviceStateBytes: document.guest?.deviceState ?? defaults.deviceStateBytes,
      prealloc: document.guest?.prealloc ?? defaults.prealloc,
    },
    workload,
    strategy: document.strategy ?? defaults.strategy,
    limits: over(defaultLimits, document.limits),
    transfer: { ...over(defaultTransfer, document.transfer), ...switchesBy(capabilities) },
    capabilities: capabilitiesBy(capabilities),
    congestionControl: document.congestionControl ?? defaults.congestionControl,
    repeat: document.repeat ?? defaults.repeat,
    seed: document.seed ?? defaults.seed,
    warmupMs: document.warmupMs ?? defaults.warmupMs,
    pingIntervalMs: document.pingIntervalMs ?? defaults.pingIntervalMs,
  };
};

import { defaultDiskStorage, isSharedDisk } from '#catalogue/disk-storages';
import { defaultLimits } from '#catalogue/limits';
import { valuesOf } from '#catalogue/parameter';
import { workloadParameters } from '#catalogue/workloads';
import { traitsOf } from '#catalogue/strategies';
import { sectorBytes } from '#proto/guest';
import type { DiskConfig, WorkloadConfig } from '#proto/guest';
import { trafficSides } from '#proto/traffic';
import { capabilitiesBy } from './capabilities.ts';
import {
  defaultBaseFootprintBytes,
  defaultDirtyRate,
  defaultDiskAllocatedBytes,
  defaultRegionBytes,
  defaults,
  wholePages,
} from './defaults.ts';
import { completeLoad } from './service-load.ts';
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

/** Undefined = the guest has none. */
const diskOf = ({ guest, strategy = defaults.strategy }: ScenarioDocument): DiskConfig | undefined => {
  const disk = guest?.disk;
  if (disk === undefined || disk.storage === 'none') return undefined;
  const sizeBytes = disk.size ?? defaults.diskBytes;
  const storage = disk.storage ?? defaultDiskStorage;
  return {
    sizeBytes,
    allocatedBytes: disk.allocated ?? defaultDiskAllocatedBytes(sizeBytes),
    blockSizeBytes: disk.block ?? (isSharedDisk({ storage }) ? sectorBytes : defaults.diskBlockBytes),
    storage,
    live: disk.live ?? (isSharedDisk({ storage }) || traitsOf(strategy).live !== false),
    incremental: disk.incremental ?? defaults.diskIncremental,
  };
};

/** What the workload does with the guest's disk: on all that is allocated, or else on all of it. */
const diskLoadOf = (
  { workload: { diskWriteRate = 0, diskReadRate = 0, diskRegion } = {} }: ScenarioDocument,
  disk: DiskConfig | undefined,
): Partial<WorkloadConfig> =>
  disk === undefined
    ? {}
    : {
        diskWriteRateSectorsPerSecond: diskWriteRate,
        diskReadRateSectorsPerSecond: diskReadRate,
        diskRegionBytes:
          diskRegion ??
          (disk.allocatedBytes > 0 ? Math.min(disk.allocatedBytes, disk.sizeBytes) : disk.sizeBytes),
      };

const workloadOf = (
  document: ScenarioDocument,
  ramBytes: number,
  disk: DiskConfig | undefined,
): WorkloadConfig => {
  const given = document.workload ?? {};
  const name = given.name ?? defaults.workload;
  const regionBytes = inBytes(given.region, ramBytes) ?? defaultRegionBytes(name, ramBytes);
  const rate = given.dirtyRate ?? 'auto';
  return {
    name,
    regionBytes,
    dirtyRatePagesPerSecond: rate === 'auto' ? defaultDirtyRate(name, regionBytes) : rate,
    content: given.content ?? defaults.content,
    ...diskLoadOf(document, disk),
    ...valuesOf(workloadParameters(name, given), given),
  };
};

const hostsOf = ({ hosts, hostLoad }: ScenarioDocument): Pick<Scenario, 'hosts' | 'hostLoad'> => ({
  ...(hosts?.cpus === undefined ? {} : { hosts: { cpus: hosts.cpus } }),
  ...(hostLoad?.share === undefined
    ? {}
    : {
        hostLoad: { share: hostLoad.share, at: hostLoad.at ?? [...trafficSides], nice: hostLoad.nice ?? 0 },
      }),
});

/** Fills in every default. */
export const completeScenario = (document: ScenarioDocument): Scenario => {
  const ramBytes = document.guest?.ram ?? defaults.ramBytes;
  const disk = diskOf(document);
  const workload = workloadOf(document, ramBytes, disk);
  const load = completeLoad(document.load);
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
      ...(disk === undefined ? {} : { disk }),
    },
    workload,
    ...(document.traffic === undefined || document.traffic.length === 0 ? {} : { traffic: document.traffic }),
    ...hostsOf(document),
    ...(load === undefined ? {} : { load }),
    strategy: document.strategy ?? defaults.strategy,
    limits: over(defaultLimits, document.limits),
    transfer: { dirtyBitmap: document.transfer?.dirtyBitmap ?? defaults.dirtyBitmap },
    capabilities: capabilitiesBy(document.capabilities ?? {}),
    ...(document.onTimeout?.afterMs === undefined
      ? {}
      : {
          onTimeout: {
            afterMs: document.onTimeout.afterMs,
            action: document.onTimeout.action ?? defaults.timeoutAction,
          },
        }),
    ...(document.timeline === undefined || document.timeline.length === 0
      ? {}
      : { timeline: document.timeline }),
    ...(document.thresholds === undefined ? {} : { thresholds: document.thresholds }),
    congestionControl: document.congestionControl ?? defaults.congestionControl,
    repeat: document.repeat ?? defaults.repeat,
    seed: document.seed ?? defaults.seed,
    warmupMs: document.warmupMs ?? defaults.warmupMs,
    pingIntervalMs: document.pingIntervalMs ?? defaults.pingIntervalMs,
  };
};

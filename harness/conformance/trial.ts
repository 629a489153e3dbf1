import { lawful } from '#hosts/legal-order';
import type { TransferStrategy } from '#hosts/ports';
import type { CapabilityValue } from '#proto/capabilities';
import type { DiskConfig, GuestConfig, WorkloadConfig } from '#proto/guest';
import { defaultDiskStorage } from '#catalogue/disk-storages';
import type { Limits } from '#catalogue/limits';
import type { TransferSwitches } from '#proto/strategy';
import { pageSizeBytes } from '#proto/units';
import { simulate } from '#harness/simulation/simulate';
import type {
  SimulatedMigration,
  Simulation,
  SimulationTap,
  SimulationWatch,
} from '#harness/simulation/simulate';
import type { AtCall, CallLog } from './calls.ts';
import type { Ear } from './ear.ts';
import { newCallLog, watched } from './calls.ts';

/** A migration in virtual time on which a strategy is tried: a guest of one vCPU and a link, in few words. */
export interface Trial {
  pageCount: number;
  rateMbps: number;
  rttMs: number;
  /** To random pages of the region, which lies at the end of memory. */
  dirtyPagesPerMs: number;
  regionPages: number;
  seed: number;
  limits?: Partial<Limits>;
  transfer?: Partial<TransferSwitches>;
  /** `undefined` = off, also where it is on by default. */
  capabilities?: Readonly<Record<string, CapabilityValue | undefined>>;
  workload?: Partial<WorkloadConfig>;
  deviceStateBytes?: number;
  /** Pages with content, from page 0 on; by default all. */
  footprintPages?: number;
  vcpus?: number;
  /** Of a disk, whose first half is written before the guest boots; by default none. */
  diskBlocks?: number;
  /** Writes of random sectors of the disk. */
  diskWritesPerMs?: number;
}

/** 1 Gb/s at 5.5 ms with a guest of 4 MiB that dirties a quarter of what the link carries. */
export const gigabitTrial: Trial = {
  pageCount: 1024,
  rateMbps: 1000,
  rttMs: 5.5,
  dirtyPagesPerMs: 7,
  regionPages: 256,
  seed: 1,
};

/** Of a guest that writes nothing: a rate of 0 would mean flat out. */
const noPagesPerSecond = 1e-6;
/** A recovery that is given up takes a minute and a half. */
const virtualMaxMs = 200_000;

/** Blocks small enough that a trial with a disk takes no longer than one without. */
const blockSizeBytes = 16_384;

const diskOf = (blocks: number): DiskConfig => ({
  sizeBytes: blocks * blockSizeBytes,
  allocatedBytes: Math.floor(blocks / 2) * blockSizeBytes,
  blockSizeBytes,
  storage: defaultDiskStorage,
  live: true,
  incremental: true,
});

const diskLoadOf = (blocks: number, writesPerMs: number): Partial<WorkloadConfig> => ({
  diskWriteRateSectorsPerSecond: writesPerMs * 1000,
  diskReadRateSectorsPerSecond: 100,
  diskRegionBytes: blocks * blockSizeBytes,
});

const guestOf = (trial: Trial): GuestConfig => {
  const { pageCount, regionPages, dirtyPagesPerMs, seed } = trial;
  const { footprintPages = pageCount, diskBlocks = 0, diskWritesPerMs = 0 } = trial;
  return {
    ramBytes: pageCount * pageSizeBytes,
    vcpus: trial.vcpus ?? 1,
    baseFootprintBytes: footprintPages * pageSizeBytes,
    deviceStateBytes: trial.deviceStateBytes ?? 0,
    prealloc: false,
    seed,
    ...(diskBlocks === 0 ? {} : { disk: diskOf(diskBlocks) }),
    workload: {
      name: 'hotspot',
      regionBytes: Math.min(regionPages, pageCount) * pageSizeBytes,
      dirtyRatePagesPerSecond: dirtyPagesPerMs === 0 ? noPagesPerSecond : dirtyPagesPerMs * 1000,
      hotWriteFraction: 0,
      hotRegionFraction: 1,
      content: 'random',
      pattern: 'sequential',
      ...(diskBlocks === 0 ? {} : diskLoadOf(diskBlocks, diskWritesPerMs)),
      ...trial.workload,
    },
  };
};

export interface TrialOptions {
  /** Of what the strategy does; by default nobody reads it. */
  log?: CallLog;
  atCall?: AtCall;
  /** Hears every detail. */
  ear?: Ear;
  lensAt?: NonNullable<Simulation['lensAt']>;
  watch?: SimulationWatch;
  tap?: SimulationTap;
  stopSignal?: AbortSignal;
  /** A migration that takes longer has hung; by default what a recovery that is given up takes. */
  virtualMaxMs?: number;
}

/**
 * The migration of a trial, by a strategy that is held to the legal order as in an agent.
 * @throws LivemigError TIMEOUT where it never ends
 */
export const tried = (
  strategy: TransferStrategy,
  trial: Trial,
  { log = newCallLog(false), atCall, ear, watch, ...options }: TrialOptions = {},
): Promise<SimulatedMigration> => {
  const { rateMbps, rttMs, limits = {}, transfer = {}, capabilities = {} } = trial;
  const simulation: Simulation = {
    guest: guestOf(trial),
    link: { rateMbps, rttMs },
    strategy: lawful(watched(strategy, log, atCall, ear)),
    limits,
    transfer,
    capabilities,
    virtualMaxMs,
    ...options,
  };
  return simulate(simulation, watch);
};

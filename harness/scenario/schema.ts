import { z } from 'zod';
import { contentNames } from '#catalogue/contents';
import { diskStorageNames } from '#catalogue/disk-storages';
import { limits, takersOfLimit } from '#catalogue/limits';
import type { Limits } from '#catalogue/limits';
import type { Parameters } from '#catalogue/parameter';
import { takersOf } from '#catalogue/parameter';
import { allWorkloadParameters, workloadNames, workloads } from '#catalogue/workloads';
import { deviceStateMaxBytes, diskLeastBytes, diskMaxBytes, ramMaxBytes, sectorBytes, seedMax, vcpusMax } from '#proto/guest'; // prettier-ignore
import { hostCpusLeast, hostCpusMax, loadShareLeast, loadShareMax, niceMax } from '#proto/host-load';
import { backendNames } from '#proto/link';
import { trafficSides } from '#proto/traffic';
import { mebibyte } from '#proto/units';
import { driverNames } from '../testbed/testbed.ts';
import { capabilitiesField } from './capabilities.ts';
import { defaults } from './defaults.ts';
import { help } from './help.ts';
import {
  blockSize,
  bytes,
  bytesOrShare,
  decimal,
  dirtyRate,
  flag,
  integer,
  linkName,
  namesOf,
  oneOf,
  parameter,
  sectorRate,
  strategy,
  word,
} from './fields.ts';
import { loadField } from './service-load.ts';
import { thresholdsField } from './thresholds.ts';
import { timelineField } from '../timeline/field.ts';
import { timeoutActions } from '../timeline/types.ts';
import { trafficField } from './traffic.ts';

const minuteMs = 60_000;
const pages = { wholePages: true };

type ParameterField = ReturnType<typeof parameter>;

/** A field for each parameter; cross-checks decide which may be combined. */
const parameterFields = (
  parameters: Parameters,
  takers: (name: string) => readonly string[],
): Record<string, ParameterField> =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, declared]) => {
      const taken = takers(name);
      const told = taken.length === 0 ? declared.help : `${declared.help} (${taken.join('; ')})`;
      return [name, parameter({ ...declared, help: told })];
    }),
  );

const limitFields = parameterFields(limits, (name) => takersOfLimit(name));
const workloadFields = parameterFields(allWorkloadParameters, (name) => takersOf(workloads.values(), name));

const workloadSection = {
  name: oneOf('workload', workloadNames).describe(help.workloadName),
  region: bytesOrShare(0, ramMaxBytes, pages).describe(help.workloadRegion),
  dirtyRate: dirtyRate().describe(help.workloadDirtyRate),
  content: oneOf('content', contentNames).describe(help.workloadContent),
  diskWriteRate: sectorRate().describe(help.workloadDiskWriteRate),
  diskReadRate: sectorRate().describe(help.workloadDiskReadRate),
  diskRegion: bytes(sectorBytes, diskMaxBytes, pages).describe(help.workloadDiskRegion),
};

/** A scenario document as people write it: every key optional, unknown keys rejected. */
export const scenarioSchema = (links: readonly string[]) =>
  z.strictObject({
    name: word('a name for the scenario').describe(help.name),
    description: z.string().optional().describe(help.description),
    link: linkName(links).describe(`${help.link}; ${defaults.link}`),
    driver: oneOf('driver', ['auto', ...driverNames] as const).describe(help.driver),
    backend: oneOf('backend', ['auto', ...backendNames] as const).describe(help.backend),
    strategy: strategy().describe(`${help.strategy}; ${defaults.strategy}`),
    guest: z
      .strictObject({
        ram: bytes(8 * mebibyte, ramMaxBytes, pages).describe(help.guestRam),
        vcpus: integer(1, vcpusMax).describe(help.guestVcpus),
        baseFootprint: bytesOrShare(0, ramMaxBytes, pages).describe(help.guestBaseFootprint),
        deviceState: bytes(0, deviceStateMaxBytes, { wholePages: false }).describe(help.guestDeviceState),
        prealloc: flag().describe(help.guestPrealloc),
        disk: z
          .strictObject({
            size: bytes(diskLeastBytes, diskMaxBytes, pages).describe(help.diskSize),
            allocated: bytes(0, diskMaxBytes, pages).describe(help.diskAllocated),
            block: blockSize().describe(help.diskBlock),
            storage: oneOf('storage', ['none', ...diskStorageNames] as const).describe(help.diskStorage),
            live: flag().describe(help.diskLive),
            incremental: flag().describe(help.diskIncremental),
          })
          .optional()
          .describe(`the disk; as text ${help.disk}`),
      })
      .optional()
      .describe(`the guest; as text ${help.guest}`),
    workload: (
      z.strictObject({ ...workloadSection, ...workloadFields }) as unknown as z.ZodObject<
        typeof workloadSection,
        z.core.$strict
      >
    )
      .optional()
      .describe(`${help.workloadName}; as text ${help.workload}`),
    traffic: trafficField().describe(help.traffic),
    hosts: z
      .strictObject({ cpus: decimal(hostCpusLeast, hostCpusMax).describe(help.hostsCpus) })
      .optional()
      .describe(help.hosts),
    hostLoad: z
      .strictObject({
        share: decimal(loadShareLeast, loadShareMax).describe(help.hostLoadShare),
        at: namesOf('host', trafficSides).describe(help.hostLoadAt),
        nice: integer(0, niceMax).describe(help.hostLoadNice),
      })
      .optional()
      .describe(`the load; as text ${help.hostLoad}`),
    load: loadField().describe(help.load),
    limits: (z.strictObject(limitFields) as unknown as LimitsSection).optional().describe(help.limits),
    transfer: z
      .strictObject({
        dirtyBitmap: flag().describe(help.dirtyBitmap),
      })
      .optional()
      .describe(help.transfer),
    capabilities: capabilitiesField().describe(help.capabilities),
    onTimeout: z
      .strictObject({
        afterMs: integer(1, 24 * 60 * minuteMs).describe(help.onTimeoutAfterMs),
        action: oneOf('action', timeoutActions).describe(help.onTimeoutAction),
      })
      .optional()
      .describe(help.onTimeout),
    timeline: timelineField().describe(help.timeline),
    thresholds: thresholdsField().describe(help.thresholds),
    congestionControl: word('a TCP congestion control').describe(help.congestionControl),
    repeat: integer(1, 1000).describe(help.repeat),
    seed: integer(0, seedMax).describe(help.seed),
    warmupMs: integer(0, 10 * minuteMs).describe(help.warmupMs),
    pingIntervalMs: integer(1, 1000).describe(help.pingIntervalMs),
  });

/** The section's type, as far as it is known without the catalogue. */
type LimitsSection = z.ZodObject<{ [K in keyof Limits]: z.ZodType<Limits[K] | undefined> }, z.core.$strict>;

export type ScenarioDocument = z.output<ReturnType<typeof scenarioSchema>>;

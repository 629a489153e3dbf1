import { diskStorageNames, diskStorages } from '#catalogue/disk-storages';
import { bitmapStrategies } from '#catalogue/strategies';

const storages = ['none = the guest has none', ...diskStorageNames.map((name) => `${name} = ${diskStorages[name].help}`)]; // prettier-ignore

/**
 * The meaning of each key of a scenario, for editors (schema.ts) and command-line options. Definitions of the catalogue
 * have their own help.
 */
export const help = {
  name: "the scenario's name",
  description: "the scenario's purpose",
  link: 'name of a link profile, or path of a profile file',
  driver: 'what the hosts run in',
  backend: 'what emulates the link',
  strategy: 'name of a strategy, or path of a file that exports one',
  guest: 'RAM[,vcpus=N][,baseFootprint=SIZE][,deviceState=SIZE][,prealloc=BOOL]',
  disk: `SIZE[,allocated=SIZE][,block=SIZE][,storage=none|${diskStorageNames.join('|')}][,live=on|off][,incremental=on|off]`,
  guestRam: "the guest's RAM, a size like 1GiB",
  guestVcpus: 'number of vCPUs, each a thread',
  guestBaseFootprint: 'memory in use at boot besides the workload: a size, or a share of the RAM like 25%',
  guestDeviceState: 'size of the device state',
  guestPrealloc: 'the destination backs the footprint with memory before the migration',
  diskSize: 'size of the disk, from 1MiB to 128GiB',
  diskAllocated: 'how much of the disk, from its start, is written before the guest boots',
  diskBlock: 'granularity in which the disk is tracked and sent, a power of two from 4KiB to 1MiB',
  diskStorage: `where the disk is: ${storages.join(', ')}`,
  diskLive: 'copy the disk while the guest runs, else pause the guest first (only with stop-and-copy)',
  diskIncremental: 'leave out blocks that were never written, else send the whole image',
  workload: 'NAME[:REGION][@PAGES_PER_SECOND|@flat-out][,KEY=VALUE …]',
  workloadName: 'what the guest does',
  workloadRegion: 'memory that the workload uses: a size, or a share of the RAM like 25%',
  workloadDirtyRate: 'auto, flat-out, pages per second, or a rate like 160MiB/s',
  workloadContent: 'what the pages of the region hold',
  workloadDiskWriteRate:
    'writes of random sectors of the disk: sectors of 4 KiB per second, or a rate like 16MiB/s',
  workloadDiskReadRate: 'likewise reads',
  workloadDiskRegion: 'part of the disk that the workload uses, from its start',
  traffic: 'traffic that shares the link with the migration: KIND:MBPS[,KEY=VALUE …][;…], or none',
  hosts: 'what source and destination have',
  hostsCpus: 'quota of CPU time of either host, in CPUs, by control group; all of the machine without it',
  hostLoad: 'what keeps the hosts busy beside the migration: SHARE[,at=source+destination][,nice=N]',
  hostLoadShare: 'share of the quota, kept busy by processes in the same control group',
  hostLoadAt: 'the hosts that have this load; as text source+destination',
  hostLoadNice: 'niceness of these processes',
  load: 'requests to a service in the guest: RATE[,arrivals=uniform|poisson][,timeoutMs=MS]',
  limits: 'limits of the migration',
  transfer: 'transfer settings besides the capabilities',
  dirtyBitmap: `if false, ${bitmapStrategies.join(' and ')} resends every page after the switchover`,
  capabilities: "switches under QEMU's names: NAME[=VALUE][,…], =off to disable",
  onTimeout: 'what is done to a migration that takes longer: MS[:force-switchover|start-postcopy|cancel]',
  onTimeoutAfterMs: 'how long a migration may take, from the order to migrate, in ms',
  onTimeoutAction:
    'as the commands of these names: force-switchover = stop the guest and complete, start-postcopy = switch to post-copy, cancel = leave the guest at the source',
  timeline: 'what happens to link, hosts and migration, and when: MOMENT ACTION[ KEY=VALUE …][; …]',
  thresholds: 'bounds on figures of all repetitions: FIGURE: [AGGREGATE] <|<=|>|>=|==|!= VALUE[; …]',
  congestionControl: 'TCP congestion control, as the kernel names it: cubic, bbr',
  repeat: 'number of runs; run i uses seed + i',
  seed: 'seed of page contents and workload',
  warmupMs: 'how long the workload runs before the migration, in ms',
  pingIntervalMs: "interval of the observer's pings, in ms",
} as const;

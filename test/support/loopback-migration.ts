import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { env } from 'node:process';
import { makeCertificates } from '#harness/run/certificates';
import { Guest } from '#hosts/guest/guest';
import { StorageServer } from '#hosts/storage/storage-server';
import type { StorageAddress, StorageReport } from '#proto/storage';
import { isSharedDisk } from '#catalogue/disk-storages';
import { ledgerOf, verifyMemory } from '#hosts/guest/verify';
import type { OutgoingMigration } from '#hosts/outgoing';
import { incomingOverGrpc, outgoingOverGrpc } from '#hosts/over-grpc';
import { announcementAck } from '#proto/announce';
import { defaultCapabilities } from '#catalogue/capabilities';
import type { Capabilities } from '#proto/capabilities';
import type { DestinationReport, DiskIoReport, SourceReport, VerifyReport } from '#proto/control';
import type { AgentEvent } from '#proto/events';
import type { DiskConfig, GuestConfig } from '#proto/guest';
import { leastTimeouts } from '#proto/link-timeouts';
import type { LinkTimeouts } from '#proto/link-timeouts';
import { defaultLimits } from '#catalogue/limits';
import { defaultTransfer } from '#catalogue/capabilities';
import type { Limits } from '#catalogue/limits';
import type { TransferSwitches } from '#proto/strategy';
import { mebibyte } from '#proto/units';

/**
 * A loopback address for this Jest worker. Guests' network cards all use the same port, so whatever runs at the same
 * time needs its own addresses.
 */
export const loopbackAddress = (last: number): string => `127.0.${env['JEST_WORKER_ID'] ?? 0}.${last}`;

export const loopbackAddresses = { source: loopbackAddress(31), destination: loopbackAddress(32) } as const;

/** 8 MiB of RAM: 2 MiB of base footprint, 2 MiB of region, the rest zero. */
export const loopbackGuest: GuestConfig = {
  ramBytes: 8 * mebibyte,
  vcpus: 2,
  baseFootprintBytes: 2 * mebibyte,
  deviceStateBytes: 65_536,
  prealloc: false,
  seed: 5,
  workload: {
    name: 'stress',
    regionBytes: 2 * mebibyte,
    dirtyRatePagesPerSecond: 2000,
    content: 'random',
  },
};

export interface LoopbackMigration {
  strategy: string;
  limits?: Partial<Limits>;
  transfer?: Partial<TransferSwitches>;
  capabilities?: Capabilities;
  timeouts?: Partial<LinkTimeouts>;
  zeroPageDetection?: boolean;
  /** Where the destination connects, instead of the source's port: a proxy in between that may fail. */
  via?: (port: number) => Promise<number>;
  workload?: Partial<GuestConfig['workload']>;
  deviceStateBytes?: number;
  disk?: DiskConfig;
  /** How long the guest runs on at the destination. */
  runOnMs?: number;
  /** Of the storage host that has the disk, if it stays there; false = a naive export. */
  fencing?: boolean;
  /** Where both hosts reach it, instead of its port: a proxy in between that may fail. */
  storageVia?: (port: number) => Promise<number>;
}

export interface LoopbackReport {
  source: SourceReport;
  destination: DestinationReport;
  verified: VerifyReport;
  events: AgentEvent[];
  /** Of a disk on a storage host: what the guest at the source met, and what the storage knows. */
  sourceIo?: DiskIoReport;
  storage?: StorageReport;
}

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

/** Acknowledges every announcement, as the router would. */
export const listenToAnnouncements = async (): Promise<{ port: number; close: () => void }> => {
  const socket = createSocket('udp4');
  socket.on('message', (_, { address, port }) => {
    socket.send(announcementAck, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, close: () => socket.close() };
};

const warmupMs = 50;

/** The events of a running migration, with what can be done to it. */
export type Watch = (
  event: AgentEvent,
  outgoing: OutgoingMigration,
  at: { port: number; migrationId: string },
) => void;

const migrate = async (
  [source, destination]: readonly [Guest, Guest],
  {
    strategy,
    limits,
    transfer,
    capabilities,
    timeouts,
    zeroPageDetection = true,
    via,
    runOnMs = 0,
  }: LoopbackMigration,
  announcePort: number,
  watch: Watch,
): Promise<LoopbackReport> => {
  const at = {
    migrationId: randomUUID(),
    address: '127.0.0.1',
    port: await freePort(),
    timeouts: { ...leastTimeouts, ...timeouts },
  };
  const windows = {
    bulkWindowBytes: 4 * mebibyte,
    roundEndWindowBytes: mebibyte,
    postcopyWindowBytes: mebibyte / 4,
    postcopyMessageBytes: mebibyte / 64,
    leastMessageBytes: 16_384,
    orderBytes: mebibyte,
  };
  const tls = capabilities?.tls === undefined ? null : await makeCertificates();
  const migration = {
    ...at,
    ...(tls === null ? {} : { tls: tls.source }),
    strategy,
    limits: { ...defaultLimits, ...limits },
    transfer: { ...defaultTransfer, ...transfer, ...windows },
    capabilities: { ...(zeroPageDetection ? defaultCapabilities : {}), ...capabilities },
  };
  const events: AgentEvent[] = [];
  const emit = (event: AgentEvent): void => {
    events.push(event);
    watch(event, outgoing, at);
  };
  const outgoing: OutgoingMigration = outgoingOverGrpc(source, migration, emit);
  const announce = { announceAddress: '127.0.0.1', announcePort };
  const toDestination = {
    ...at,
    port: via === undefined ? at.port : await via(at.port),
    ...announce,
    ...(tls === null ? {} : { tls: tls.destination }),
  };
  const incoming = incomingOverGrpc(destination, loopbackAddresses.destination, toDestination, emit);
  const reports = await Promise.all([outgoing.run(new AbortController().signal), incoming.run()]);
  await new Promise((resolve) => setTimeout(resolve, runOnMs));
  await Promise.all([source.pause(), destination.pause()]);
  const verified = await verifyMemory(destination, ledgerOf(source));
  const sourceIo = source.leasedDisk?.report;
  return {
    ...{ source: reports[0], destination: reports[1], verified, events },
    ...(sourceIo === undefined ? {} : { sourceIo }),
  };
};

/** A guest at the source, running, and one migration after the other, each to a fresh destination. */
export interface LoopbackLab {
  /** Both guests are stopped afterwards. */
  migrate: (migration: LoopbackMigration, watch?: Watch) => Promise<LoopbackReport>;
  /** Null = the guest's disk, if any, travels. */
  storage: StorageServer | null;
}

const diskId = 'disk';

/** A storage host for a disk that stays. */
const storageOf = async (
  { disk, seed }: GuestConfig,
  { fencing = true, storageVia = async (port) => port }: Pick<LoopbackMigration, 'fencing' | 'storageVia'>,
): Promise<{ server: StorageServer; address: StorageAddress } | null> => {
  if (disk === undefined || !isSharedDisk(disk)) return null;
  const { sizeBytes, allocatedBytes } = disk;
  const server = new StorageServer();
  await server.createDisk({ diskId, sizeBytes, allocatedBytes, seed, fencing });
  const port = await storageVia(await server.listen('127.0.0.1', 0));
  return { server, address: { target: `127.0.0.1:${port}`, diskId } };
};

/** Real guests, threads, gRPC and TCP, in this process and over the loopback device. */
export const withLoopbackLab = async <T>(
  workload: LoopbackMigration['workload'],
  use: (lab: LoopbackLab) => Promise<T>,
  {
    deviceStateBytes = loopbackGuest.deviceStateBytes,
    disk,
    ...exported
  }: Pick<LoopbackMigration, 'deviceStateBytes' | 'disk' | 'fencing' | 'storageVia'> = {},
): Promise<T> => {
  const config = {
    ...loopbackGuest,
    deviceStateBytes,
    ...(disk === undefined ? {} : { disk }),
    workload: { ...loopbackGuest.workload, ...workload },
  };
  const announcements = await listenToAnnouncements();
  const storage = await storageOf(config, exported);
  const at = storage?.address;
  const [source] = await Guest.boot(config, 'source', loopbackAddresses.source, at);
  let destination = null as Guest | null;
  try {
    return await use({
      storage: storage?.server ?? null,
      migrate: async (migration, watch = () => undefined) => {
        await destination?.destroy();
        [destination] = await Guest.boot(config, 'destination', loopbackAddresses.destination, at);
        source.resume();
        await new Promise((resolve) => setTimeout(resolve, warmupMs));
        const report = await migrate([source, destination], migration, announcements.port, watch);
        return storage === null ? report : { ...report, storage: storage.server.report(diskId) };
      },
    });
  } finally {
    await Promise.all([source.destroy(), destination?.destroy()]);
    announcements.close();
    storage?.server.close();
  }
};

/** Continues from pre-switchover at once, if a migration pauses there. */
const goOn: Watch = (event, outgoing) => {
  if (event.type !== 'status' || event.status !== 'pre-switchover') return;
  // Not in the same step that brought it there.
  setImmediate(() => {
    outgoing.control.continue();
  });
};

/** A whole migration. */
export const migrateOverLoopback = (migration: LoopbackMigration): Promise<LoopbackReport> =>
  withLoopbackLab(migration.workload, (lab) => lab.migrate(migration, goOn), migration);

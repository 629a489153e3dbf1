import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { makeCertificates } from '../../harness/run/certificates.ts';
import { Guest } from '../../hosts/guest/guest.ts';
import { verifyMemory } from '../../hosts/guest/verify.ts';
import { IncomingMigration } from '../../hosts/incoming.ts';
import { OutgoingMigration } from '../../hosts/outgoing.ts';
import { announcementAck } from '../../proto/announce.ts';
import { defaultCapabilities } from '../../proto/capabilities.ts';
import type { Capabilities } from '../../proto/capabilities.ts';
import type { DestinationReport, SourceReport, VerifyReport } from '../../proto/control.ts';
import type { AgentEvent } from '../../proto/events.ts';
import type { GuestConfig } from '../../proto/guest.ts';
import { leastTimeouts } from '../../proto/link-timeouts.ts';
import type { LinkTimeouts } from '../../proto/link-timeouts.ts';
import { defaultLimits, defaultTransfer } from '../../proto/strategy.ts';
import type { Limits, StrategyName, TransferSwitches } from '../../proto/strategy.ts';
import { mebibyte } from '../../proto/units.ts';

/** Both guests' network cards take the same port, so each has an address of its own. */
export const loopbackAddresses = { source: '127.0.0.31', destination: '127.0.0.32' } as const;

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
    hotWriteFraction: 0.9,
    hotRegionFraction: 0.1,
    content: 'random',
    pattern: 'sequential',
  },
};

export interface LoopbackMigration {
  strategy: StrategyName;
  limits?: Partial<Limits>;
  transfer?: Partial<TransferSwitches>;
  capabilities?: Capabilities;
  timeouts?: Partial<LinkTimeouts>;
  zeroPageDetection?: boolean;
  /** Where the destination connects to, instead of the source's port: what is in between may fail. */
  via?: (port: number) => Promise<number>;
  workload?: Partial<GuestConfig['workload']>;
  deviceStateBytes?: number;
}

export interface LoopbackReport {
  source: SourceReport;
  destination: DestinationReport;
  verified: VerifyReport;
  events: AgentEvent[];
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

/** What is told of a migration while it runs, with what can be done to it. */
export type Watch = (
  event: AgentEvent,
  outgoing: OutgoingMigration,
  at: { port: number; migrationId: string },
) => void;

const migrate = async (
  [source, destination]: readonly [Guest, Guest],
  { strategy, limits, transfer, capabilities, timeouts, zeroPageDetection = true, via }: LoopbackMigration,
  announcePort: number,
  watch: Watch,
): Promise<LoopbackReport> => {
  const { ledger } = source.memory;
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
  const outgoing: OutgoingMigration = new OutgoingMigration(source, migration, (event) => {
    events.push(event);
    watch(event, outgoing, at);
  });
  const announce = { announceAddress: '127.0.0.1', announcePort };
  const incoming = new IncomingMigration(destination, loopbackAddresses.destination, {
    ...at,
    port: via === undefined ? at.port : await via(at.port),
    ...announce,
    ...(tls === null ? {} : { tls: tls.destination }),
  });
  const reports = await Promise.all([outgoing.run(new AbortController().signal), incoming.run()]);
  await Promise.all([source.pause(), destination.pause()]);
  const ledgerBytes = Buffer.from(ledger.buffer, ledger.byteOffset, ledger.byteLength);
  const verified = await verifyMemory(destination, ledgerBytes);
  return { source: reports[0], destination: reports[1], verified, events };
};

/** A guest at the source, running, and one migration after the other, each to a fresh destination. */
export interface LoopbackLab {
  /** Both guests are stopped after it. */
  migrate: (migration: LoopbackMigration, watch?: Watch) => Promise<LoopbackReport>;
}

/** Real guests, threads, gRPC and TCP, in this process and over the loopback device. */
export const withLoopbackLab = async <T>(
  workload: LoopbackMigration['workload'],
  use: (lab: LoopbackLab) => Promise<T>,
  deviceStateBytes = loopbackGuest.deviceStateBytes,
): Promise<T> => {
  const config = { ...loopbackGuest, deviceStateBytes, workload: { ...loopbackGuest.workload, ...workload } };
  const announcements = await listenToAnnouncements();
  const [source] = await Guest.boot(config, 'source', loopbackAddresses.source);
  let destination = null as Guest | null;
  try {
    return await use({
      migrate: async (migration, watch = () => undefined) => {
        await destination?.destroy();
        [destination] = await Guest.boot(config, 'destination', loopbackAddresses.destination);
        source.resume();
        await new Promise((resolve) => setTimeout(resolve, warmupMs));
        return migrate([source, destination], migration, announcements.port, watch);
      },
    });
  } finally {
    await Promise.all([source.destroy(), destination?.destroy()]);
    announcements.close();
  }
};

/** Goes on from pre-switchover at once, where a migration pauses there. */
const goOn: Watch = (event, outgoing) => {
  if (event.type !== 'status' || event.status !== 'pre-switchover') return;
  // Not within the step that brought it there.
  setImmediate(() => {
    outgoing.control.continue();
  });
};

/** A whole migration. */
export const migrateOverLoopback = (migration: LoopbackMigration): Promise<LoopbackReport> =>
  withLoopbackLab(migration.workload, (lab) => lab.migrate(migration, goOn), migration.deviceStateBytes);

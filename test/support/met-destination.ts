import { randomUUID } from 'node:crypto';
import { deviceStateBytesOf } from '#hosts/guest/device-state';
import { Guest } from '#hosts/guest/guest';
import { PageReceiver } from '#hosts/transfer/page-receiver';
import { incomingOverGrpc } from '#hosts/over-grpc';
import type { DestinationReport } from '#proto/control';
import { migrationVersion, ramRegion } from '#proto/migration';
import type { SourceHello } from '#proto/migration';
import { BlockSpace } from '#hosts/block-space';
import { eventually } from './eventually.ts';
import { HostileSource } from './hostile-source.ts';
import { listenToAnnouncements, loopbackAddresses, loopbackGuest } from './loopback-migration.ts';

export interface Meeting {
  source: HostileSource;
  report: DestinationReport;
}

/** A real destination, which hostile sources meet one after the other. */
export class MetDestination {
  readonly guest: Guest;
  readonly #announcements: { port: number; close: () => void };

  private constructor(guest: Guest, announcements: { port: number; close: () => void }) {
    this.guest = guest;
    this.#announcements = announcements;
  }

  static async boot(): Promise<MetDestination> {
    const announcements = await listenToAnnouncements();
    const [guest] = await Guest.boot(loopbackGuest, 'destination', loopbackAddresses.destination);
    return new MetDestination(guest, announcements);
  }

  async destroy(): Promise<void> {
    await this.guest.destroy();
    this.#announcements.close();
  }

  /** Resets the guest to its first state: stopped, without a page. */
  async reset(): Promise<void> {
    const { memory } = this.guest;
    memory.markAllPresent();
    this.guest.wakeWaiters();
    await this.guest.pause();
    new PageReceiver(new BlockSpace(this.guest.regions), () => undefined).discard({
      region: ramRegion,
      runs: [0, memory.pageCount],
    });
  }

  /** @param act is told when the destination has ended. */
  async meet(
    act: (source: HostileSource, hasEnded: () => boolean) => Promise<void>,
    change: Partial<SourceHello> = {},
  ): Promise<Meeting> {
    const { guest } = this;
    const migrationId = randomUUID();
    const source = await HostileSource.listen({
      version: migrationVersion,
      migrationId,
      regions: new BlockSpace(guest.regions).shapes,
      vcpus: loopbackGuest.vcpus,
      deviceStateBytes: deviceStateBytesOf(loopbackGuest),
      channels: 2,
      faultsInStream: false,
      capabilities: [],
      ...change,
    });
    let hasEnded = false;
    try {
      const migration = {
        address: '127.0.0.1',
        port: source.port,
        migrationId,
        announceAddress: '127.0.0.1',
        announcePort: this.#announcements.port,
      };
      const incoming = incomingOverGrpc(guest, loopbackAddresses.destination, migration, () => undefined)
        .run()
        .finally(() => {
          hasEnded = true;
        });
      await act(source, () => hasEnded);
      const report = await incoming;
      // Its last message may still be on its way.
      if (report.error?.code === 'PROTOCOL_VIOLATION')
        await eventually('to be told why', () => source.said('abort'));
      return { source, report };
    } finally {
      source.close();
    }
  }
}

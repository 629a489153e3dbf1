import type { ArgumentOf, MigrateArguments } from '#proto/control';
import { LivemigError } from '#proto/errors';
import { leastTimeouts } from '#proto/link-timeouts';
import type { House } from '#hosts/house';
import { IncomingMigration } from '#hosts/incoming';
import { OutgoingMigration } from '#hosts/outgoing';
import { strategyOf } from '#hosts/strategy-of';
import { geometryOf } from '#hosts/guest/geometry';
import { hosted } from '#hosts/guest/hosted';
import type { Movers } from '#hosts/guest/hosted';
import { ModelGuest } from './model-guest.ts';
import type { ModelNetwork, Site } from './model-network.ts';
import { modelProbes } from './model-probes.ts';

const noLoad = (): Promise<never> =>
  Promise.reject(new LivemigError('UNSUPPORTED', 'a model has no CPUs that could be busy'));
const noTraffic = (): Promise<never> =>
  Promise.reject(new LivemigError('UNSUPPORTED', 'a modelled link carries no traffic beside the migration'));

/** What moves a guest over the modelled network. @param guestAddress the guest's own */
const moversOver = (network: ModelNetwork, site: Site, guestAddress: string): Movers => {
  const { clock } = network;
  const wireOf = ({
    timeouts = leastTimeouts,
    tls,
    ...migration
  }: MigrateArguments | ArgumentOf<'migrateIncoming'>) =>
    network.wire({ ...migration, timeouts, isEncrypted: tls !== undefined });
  return {
    clock,
    outgoing: (machine, migration, emit) =>
      new OutgoingMigration(machine, migration, {
        clock,
        wire: wireOf(migration).source,
        strategy: () => clock.during(strategyOf(migration), 0),
        emit,
      }),
    incoming: (machine, migration, emit) =>
      new IncomingMigration(machine, migration, {
        clock,
        wire: wireOf(migration).destination,
        announcements: {
          announce: () => {
            network.announced(guestAddress, site);
          },
          close: () => undefined,
        },
        emit,
      }),
  };
};

/** The house of a host in virtual time: guests are models, and the wire belongs to a modelled network. */
export const modelHouse = (network: ModelNetwork, site: Site): House => {
  const { clock, segments } = network;
  return {
    clock,
    probes: () => modelProbes(network, site),
    traffic: () => ({
      handlers: { startTraffic: noTraffic, stopTraffic: noTraffic },
      close: () => Promise.resolve(),
    }),
    load: () => ({
      handlers: { startBurners: noLoad, stopBurners: noLoad },
      close: () => Promise.resolve(),
    }),
    boot: async (config, address) => {
      const startedAtMs = clock.nowMs();
      // Filling memory is this process's work: it takes no virtual time.
      const guest = await clock.during(ModelGuest.boot(config, site, clock, segments), 0);
      network.houses(site, () => guest.isRunning);
      const { pageCount, basePages, regionFirst, regionPages } = geometryOf(config);
      const nonZeroPages = Math.max(basePages, regionPages === 0 ? 0 : regionFirst + regionPages);
      return [
        hosted(guest, moversOver(network, site, address)),
        {
          pageCount,
          nonZeroPages: site === 'source' ? nonZeroPages - Math.max(0, regionFirst - basePages) : 0,
          bootMs: clock.nowMs() - startedAtMs,
        },
      ];
    },
  };
};

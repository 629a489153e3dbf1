import { randomUUID } from 'node:crypto';
import { filter, firstValueFrom, take } from 'rxjs';
import { createHypervisor } from '../../hosts/hypervisor.ts';
import type { Hypervisor } from '../../hosts/hypervisor.ts';
import type { ArgumentOf, ControlHandlers, ControlMethod, ResultOf } from '../../proto/control.ts';
import type { GuestConfig } from '../../proto/guest.ts';
import type { StrategyName } from '../../proto/strategy.ts';
import { defaultLimits, defaultTransfer } from '../../proto/strategy.ts';
import { mebibyte } from '../../proto/units.ts';
import { freePort, listenToAnnouncements, loopbackGuest } from './loopback-migration.ts';

/** Source and destination as their agents hold them, in this process. */
export interface HypervisorPair extends AsyncDisposable {
  source: Hypervisor;
  destination: Hypervisor;
  /** What a correct harness gives with each order of the migration that they share. */
  argumentsOf: (strategy?: StrategyName, waits?: boolean) => Arguments;
}

/** Others than the loopback migrations' own, so that tests of both kinds can run at the same time. */
export const pairAddresses = { source: '127.0.0.41', destination: '127.0.0.42' } as const;

export type Arguments = { [M in ControlMethod]?: ArgumentOf<M> };

export const pairGuest: GuestConfig = { ...loopbackGuest, vcpus: 1, baseFootprintBytes: mebibyte };

/** Calls a method as the control server does once it has looked at the argument. */
export const order = async <M extends ControlMethod>(
  host: { handlers: ControlHandlers },
  method: M,
  argument: ArgumentOf<M>,
  blob?: Buffer,
): Promise<ResultOf<M>> => {
  const handler = host.handlers[method] as
    ((argument: ArgumentOf<M>, blob?: Buffer) => Promise<ResultOf<M>>) | undefined;
  if (handler === undefined) throw new Error(`no ${method}`);
  return handler(argument, blob);
};

export const hypervisorPair = async (): Promise<HypervisorPair> => {
  const announcements = await listenToAnnouncements();
  const [source, destination] = [createHypervisor('source'), createHypervisor('destination')];
  let closed: Promise<void> | null = null;
  const at = { migrationId: randomUUID(), address: '127.0.0.1', port: await freePort() };
  return {
    source,
    destination,
    argumentsOf: (strategy = 'stop-and-copy', waits = false) => ({
      bootGuest: { guest: pairGuest, address: pairAddresses.source },
      migrate: {
        ...at,
        strategy,
        limits: defaultLimits,
        transfer: {
          ...defaultTransfer,
          bulkWindowBytes: 4 * mebibyte,
          roundEndWindowBytes: mebibyte,
          postcopyWindowBytes: mebibyte / 4,
          postcopyMessageBytes: mebibyte / 64,
          leastMessageBytes: mebibyte / 64,
          orderBytes: mebibyte,
        },
        capabilities: waits ? { 'pause-before-switchover': 60 } : {},
      },
      migrateIncoming: { ...at, announceAddress: '127.0.0.1', announcePort: announcements.port },
      migrateSetParameters: { maxBandwidthMbps: 100 },
    }),
    [Symbol.asyncDispose]: () =>
      (closed ??= Promise.all([source.close(), destination.close()]).then(() => {
        announcements.close();
      })),
  };
};

export const bootPair = async ({ source, destination, argumentsOf }: HypervisorPair): Promise<void> => {
  const { guest } = argumentsOf().bootGuest!;
  await Promise.all([
    order(source, 'bootGuest', { guest, address: pairAddresses.source }),
    order(destination, 'bootGuest', { guest, address: pairAddresses.destination }),
  ]);
};

export interface PairMigration {
  outgoing: Promise<ResultOf<'migrate'>>;
  incoming: Promise<ResultOf<'migrateIncoming'>>;
}

/** Boots both, starts the guest and brings its migration as far as `pre-switchover`, where it waits. */
export const untilPreSwitchover = async (pair: HypervisorPair): Promise<PairMigration> => {
  const { source, destination, argumentsOf } = pair;
  const { migrate, migrateIncoming } = argumentsOf('stop-and-copy', true);
  await bootPair(pair);
  await order(source, 'startGuest', {});
  const waits = firstValueFrom(
    source.events.pipe(
      filter((event) => event.type === 'status' && event.status === 'pre-switchover'),
      take(1),
    ),
  );
  const outgoing = order(source, 'migrate', migrate!);
  const incoming = order(destination, 'migrateIncoming', migrateIncoming!);
  await waits;
  // Not within the step that brought it there.
  await new Promise(setImmediate);
  return { outgoing, incoming };
};

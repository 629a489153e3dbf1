import { randomUUID } from 'node:crypto';
import { filter, firstValueFrom, take } from 'rxjs';
import { createHypervisor } from '#hosts/hypervisor';
import type { Hypervisor } from '#hosts/hypervisor';
import type { ArgumentOf, ControlHandlers, ControlMethod, ResultOf } from '#proto/control';
import type { GuestConfig } from '#proto/guest';
import { defaultLimits } from '#catalogue/limits';
import { defaultTransfer } from '#catalogue/capabilities';
import type { MigrationStatus, TransferSizes } from '#proto/strategy';
import { mebibyte } from '#proto/units';
import { freePort, listenToAnnouncements, loopbackAddress, loopbackGuest } from './loopback-migration.ts';

/** Source and destination as their agents hold them, in this process. */
export interface HypervisorPair extends AsyncDisposable {
  source: Hypervisor;
  destination: Hypervisor;
  /** The arguments of a correct harness for each order of their common migration. */
  argumentsOf: (strategy?: string, waits?: boolean) => Arguments;
}

export const pairAddresses = { source: loopbackAddress(41), destination: loopbackAddress(42) } as const;

export type Arguments = { [M in ControlMethod]?: ArgumentOf<M> };

export const pairGuest: GuestConfig = { ...loopbackGuest, vcpus: 1, baseFootprintBytes: mebibyte };

/** Calls a method as the control server does after validating the argument. */
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

const sizes: TransferSizes = {
  bulkWindowBytes: 4 * mebibyte,
  roundEndWindowBytes: mebibyte,
  postcopyWindowBytes: mebibyte / 4,
  postcopyMessageBytes: mebibyte / 64,
  leastMessageBytes: mebibyte / 64,
  orderBytes: mebibyte,
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
      startDirtyLog: { intervalMs: 50 },
      migrate: {
        ...at,
        strategy,
        limits: defaultLimits,
        transfer: { ...defaultTransfer, ...sizes },
        capabilities: waits ? { 'pause-before-switchover': 60 } : {},
      },
      migrateIncoming: { ...at, announceAddress: '127.0.0.1', announcePort: announcements.port },
      migrateSetParameters: { maxBandwidthMbps: 100 },
      migrateSetTransfer: sizes,
    }),
    [Symbol.asyncDispose]: () =>
      (closed ??= Promise.all([source.close(), destination.close()]).then(() => {
        announcements.close();
      })),
  };
};

const bootPair = async ({ source, destination, argumentsOf }: HypervisorPair): Promise<void> => {
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

/** Boots both, starts the guest and brings its migration as far as a status. */
const untilStatus = async (
  pair: HypervisorPair,
  status: MigrationStatus,
  { migrate, migrateIncoming }: Arguments,
): Promise<PairMigration> => {
  const { source, destination } = pair;
  await bootPair(pair);
  await order(source, 'startGuest', {});
  const waits = firstValueFrom(
    source.events.pipe(
      filter((event) => event.type === 'status' && event.status === status),
      take(1),
    ),
  );
  const outgoing = order(source, 'migrate', migrate!);
  const incoming = order(destination, 'migrateIncoming', migrateIncoming!);
  await waits;
  // Not in the same step that brought it there.
  await new Promise(setImmediate);
  return { outgoing, incoming };
};

/** … as far as `pre-switchover`, where it waits. */
export const untilPreSwitchover = (pair: HypervisorPair): Promise<PairMigration> =>
  untilStatus(pair, 'pre-switchover', pair.argumentsOf('stop-and-copy', true));

/** … until it is active, where it stays for seconds: 1 MiB at 1 Mb/s. */
export const untilActive = (pair: HypervisorPair, strategy: string): Promise<PairMigration> => {
  const { migrate, ...others } = pair.argumentsOf(strategy);
  const limits = { ...migrate!.limits, maxBandwidthMbps: 1 };
  return untilStatus(pair, 'active', { ...others, migrate: { ...migrate!, limits } });
};

import { Subject } from 'rxjs';
import type { ArgumentOf, ControlHandlers, DestinationReport, SourceReport } from '#proto/control';
import { noMigration } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { AgentEvent } from '#proto/events';
import { every } from './clock.ts';
import { guestOrders } from './guest-orders.ts';
import type { GuestOrder, GuestPhase } from './guest-orders.ts';
import { requireRoom } from './guest/room.ts';
import type { DirtyRecording, HostedGuest, House, Outgoing } from './house.ts';
import { Orders } from './orders.ts';
import { realHouse } from './real-house.ts';
import type { Role } from './role.ts';

const sampleIntervalMs = 100;
/** How long a migration or an order may take to end when the host closes. */
const closePatienceMs = 3_000;

/** What a migration leaves behind at its source. */
const phaseAfter = (guest: HostedGuest, { control }: Outgoing, { status }: SourceReport): GuestPhase => {
  if (status === 'completed' || control.mayRunAtDestination) return 'handed-over';
  return guest.isRunning ? 'running' : 'stopped';
};

export interface Hypervisor extends Role {
  readonly phase: GuestPhase;
  /** Whether its vCPUs run, in whatever phase. */
  readonly isGuestRunning: boolean;
}

/**
 * The role of source and destination: holds a guest, sends it or receives it.
 * @param house what it is built on; a simulation has one of models.
 */
export const createHypervisor = (
  host: 'source' | 'destination',
  house: House = realHouse(host),
): Hypervisor => {
  const { clock } = house;
  const events = new Subject<AgentEvent>();
  const emit = (event: AgentEvent): void => events.next(event);
  const closing = new AbortController();
  const probes = house.probes();
  const traffic = house.traffic();
  const load = house.load();
  const orders = new Orders<GuestPhase, GuestOrder>(`the ${host}`, guestOrders, 'no-guest');
  let guest: HostedGuest | null = null;
  let firstStartedAtMs: number | null = null;
  let recorder: DirtyRecording | null = null;
  let outgoing: Outgoing | null = null;
  let migration: Promise<unknown> | null = null;

  const endSamples = every(clock, sampleIntervalMs, () => {
    if (guest !== null) events.next({ type: 'guest', host, running: guest.isRunning, ...guest.sample() });
  });

  /** Used by orders that a host without a guest refuses. */
  const theGuest = (): HostedGuest => {
    if (guest === null) throw new LivemigError('INTERNAL', `expected the ${host} to have a guest`);
    return guest;
  };

  const demandStopped = (order: GuestOrder): void => {
    if (theGuest().isRunning)
      throw new LivemigError('ILLEGAL_PHASE', `${order}: expected a stopped guest: call stopGuest first`);
  };

  /** Enters `phase` once it is over. */
  const enter = (phase: GuestPhase): void => {
    if (orders.phase !== 'closed') orders.phase = phase;
  };

  /** The migration from here, which has to be under way. */
  const steer = async (order: GuestOrder, act: (steered: Outgoing) => void | Promise<void>) => {
    orders.demand(order);
    if (outgoing === null) throw new LivemigError('INTERNAL', 'expected a migration');
    await act(outgoing);
    return { status: outgoing.control.status };
  };

  const boot = async ({ guest: config, address, storage }: ArgumentOf<'bootGuest'>) => {
    requireRoom(config);
    const [booted, info] = await house.boot(config, address, storage);
    if (closing.signal.aborted) {
      await booted.destroy();
      throw new LivemigError('CANCELLED', `the ${host} closes`);
    }
    guest = booted;
    enter(host === 'source' ? 'stopped' : 'shell');
    return info;
  };

  const migrate = async (argument: ArgumentOf<'migrate'>): Promise<SourceReport> => {
    orders.demand('migrate');
    const leaving = theGuest();
    const begun = leaving.outgoing(argument, emit);
    outgoing = begun;
    enter('outgoing');
    const run = begun.run(closing.signal);
    migration = run;
    const report = await run;
    enter(phaseAfter(leaving, begun, report));
    return report;
  };

  const migrateIncoming = async (argument: ArgumentOf<'migrateIncoming'>): Promise<DestinationReport> => {
    orders.demand('migrateIncoming');
    const begun = theGuest().incoming(argument, emit);
    enter('incoming');
    const run = begun.run(closing.signal);
    migration = run;
    const report = await run;
    enter(report.status === 'completed' ? 'running' : 'partial');
    return report;
  };

  const handlers: ControlHandlers = {
    ...probes.handlers,
    ...traffic.handlers,
    ...load.handlers,
    bootGuest: (argument) => orders.exclusively('bootGuest', () => boot(argument)),
    startGuest: async () => {
      orders.demand('startGuest');
      await theGuest().resume();
      firstStartedAtMs ??= clock.nowMs();
      enter('running');
      return theGuest().sample();
    },
    stopGuest: () =>
      orders.exclusively('stopGuest', async () => {
        const { phase } = orders;
        await theGuest().pause();
        enter(phase === 'running' ? 'stopped' : phase);
        return theGuest().sample();
      }),
    startDirtyLog: async ({ intervalMs }) => {
      orders.demand('startDirtyLog');
      // A failed one, whose report nobody asked for.
      recorder?.close();
      recorder = theGuest().recordDirtying(intervalMs);
      return { sinceStartMs: firstStartedAtMs === null ? 0 : clock.nowMs() - firstStartedAtMs };
    },
    stopDirtyLog: async () => {
      orders.demand('stopDirtyLog');
      // As a guest that stands is stopped: its phase says what is taken, and nothing was recorded.
      if (recorder === null) return { result: { intervals: 0, full: false }, blob: Buffer.alloc(0) };
      const { intervals, full, blob } = recorder.stop();
      recorder = null;
      return { result: { intervals, full }, blob };
    },
    migrate,
    migrateSetParameters: (change) =>
      steer('migrateSetParameters', ({ control }) => control.setParameters(change)),
    migrateSetTransfer: (sizes) =>
      steer('migrateSetTransfer', (steered) => {
        steered.resize(sizes);
      }),
    migrateCancel: () => steer('migrateCancel', ({ control }) => control.cancel()),
    migrateContinue: () => steer('migrateContinue', ({ control }) => control.continue()),
    migrateStartPostcopy: () =>
      steer('migrateStartPostcopy', ({ control }) => control.orderSwitchover('postcopy')),
    migrateForceSwitchover: () =>
      steer('migrateForceSwitchover', ({ control }) => control.orderSwitchover('force')),
    queryMigrate: async () => outgoing?.info ?? noMigration,
    migrateIncoming,
    ledger: async () => {
      orders.demand('ledger');
      demandStopped('ledger');
      const { ledger, diskIo } = await theGuest().ledger();
      return {
        result: { pages: ledger.length / 4, ...(diskIo === undefined ? {} : { diskIo }) },
        blob: ledger,
      };
    },
    verify: (_, blob) =>
      orders.exclusively('verify', async () => {
        demandStopped('verify');
        return theGuest().verify(blob ?? Buffer.alloc(0));
      }),
  };

  return {
    handlers,
    events,
    get phase() {
      return orders.phase;
    },
    get isGuestRunning() {
      return guest?.isRunning ?? false;
    },
    close: async () => {
      endSamples();
      recorder?.close();
      orders.phase = 'closed';
      closing.abort();
      await Promise.all([probes.close(), traffic.close(), load.close()]);
      await guest?.destroy();
      const ended = Promise.allSettled([migration, orders.idle()]);
      const { promise: late, resolve } = Promise.withResolvers<undefined>();
      const cancel = clock.background(closePatienceMs, () => {
        resolve(undefined);
      });
      await Promise.race([ended, late]);
      cancel();
      guest = null;
      events.complete();
    },
  };
};

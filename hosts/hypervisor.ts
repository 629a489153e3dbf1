import { setTimeout as sleep } from 'node:timers/promises';
import { Subject } from 'rxjs';
import type { ArgumentOf, ControlHandlers, DestinationReport, SourceReport } from '../proto/control.ts';
import { LivemigError } from '../proto/errors.ts';
import type { AgentEvent } from '../proto/events.ts';
import { setGuestCpuSource } from './cpu.ts';
import { guestOrders } from './guest-orders.ts';
import type { GuestOrder, GuestPhase } from './guest-orders.ts';
import { Guest } from './guest/guest.ts';
import { requireRoom } from './guest/room.ts';
import { verifyMemory } from './guest/verify.ts';
import { IncomingMigration } from './incoming.ts';
import type { MigrationControl } from './migration-control.ts';
import { Orders } from './orders.ts';
import { OutgoingMigration } from './outgoing.ts';
import { createProbes } from './probes.ts';
import type { Role } from './role.ts';

const sampleIntervalMs = 100;
/** How long a migration or an order that ends because the host closes may take for it. */
const closePatienceMs = 3_000;

/** What a migration leaves at the host that it came from. */
const phaseAfter = (guest: Guest, { control }: OutgoingMigration, { status }: SourceReport): GuestPhase => {
  if (status === 'completed' || control.mayRunAtDestination) return 'handed-over';
  return guest.isRunning ? 'running' : 'stopped';
};

export interface Hypervisor extends Role {
  readonly phase: GuestPhase;
  /** Whether its vCPUs run, in whatever phase. */
  readonly isGuestRunning: boolean;
}

/** The role of source and destination: holds a guest, sends it or takes it. */
export const createHypervisor = (host: 'source' | 'destination'): Hypervisor => {
  const events = new Subject<AgentEvent>();
  const closing = new AbortController();
  const probes = createProbes();
  const orders = new Orders<GuestPhase, GuestOrder>(`the ${host}`, guestOrders, 'no-guest');
  let guest: Guest | null = null;
  let guestAddress = '';
  let outgoing: OutgoingMigration | null = null;
  let migration: Promise<unknown> | null = null;

  setGuestCpuSource(() => guest?.cpuS ?? 0);
  const sampler = setInterval(() => {
    if (guest !== null) events.next({ type: 'guest', host, running: guest.isRunning, ...guest.sample() });
  }, sampleIntervalMs);

  /** For an order that a host without a guest refuses. */
  const theGuest = (): Guest => {
    if (guest === null) throw new LivemigError('INTERNAL', `expected the ${host} to have a guest`);
    return guest;
  };

  const demandStopped = (order: GuestOrder): void => {
    if (theGuest().isRunning)
      throw new LivemigError('ILLEGAL_PHASE', `${order}: expected a stopped guest: call stopGuest first`);
  };

  /** Tells `phase` once it is over. */
  const enter = (phase: GuestPhase): void => {
    if (orders.phase !== 'closed') orders.phase = phase;
  };

  /** The migration from here, which has to be under way. */
  const steer = (order: GuestOrder, act: (control: MigrationControl) => void) => {
    orders.demand(order);
    if (outgoing === null) throw new LivemigError('INTERNAL', 'expected a migration');
    act(outgoing.control);
    return Promise.resolve({ status: outgoing.control.status });
  };

  const boot = async ({ guest: config, address }: ArgumentOf<'bootGuest'>) => {
    requireRoom(config);
    const [booted, info] = await Guest.boot(config, host, address);
    if (closing.signal.aborted) {
      await booted.destroy();
      throw new LivemigError('CANCELLED', `the ${host} closes`);
    }
    guest = booted;
    guestAddress = address;
    enter(host === 'source' ? 'stopped' : 'shell');
    return info;
  };

  const migrate = async (argument: ArgumentOf<'migrate'>): Promise<SourceReport> => {
    orders.demand('migrate');
    const leaving = theGuest();
    const begun = new OutgoingMigration(leaving, argument, (event) => {
      events.next(event);
    });
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
    const begun = new IncomingMigration(theGuest(), guestAddress, argument);
    enter('incoming');
    const run = begun.run(closing.signal);
    migration = run;
    const report = await run;
    enter(report.status === 'completed' ? 'running' : 'partial');
    return report;
  };

  const handlers: ControlHandlers = {
    ...probes.handlers,
    bootGuest: (argument) => orders.exclusively('bootGuest', () => boot(argument)),
    startGuest: async () => {
      orders.demand('startGuest');
      theGuest().resume();
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
    migrate,
    migrateSetParameters: (change) =>
      steer('migrateSetParameters', (control) => {
        control.setParameters(change);
      }),
    migrateCancel: () =>
      steer('migrateCancel', (control) => {
        control.cancel();
      }),
    migrateContinue: () =>
      steer('migrateContinue', (control) => {
        control.continue();
      }),
    queryMigrate: async () => ({ status: outgoing?.control.status ?? 'none' }),
    migrateIncoming,
    ledger: async () => {
      orders.demand('ledger');
      demandStopped('ledger');
      const { ledger } = theGuest().memory;
      return {
        result: { pages: ledger.length },
        blob: Buffer.from(ledger.buffer, ledger.byteOffset, ledger.byteLength),
      };
    },
    verify: (_, blob) =>
      orders.exclusively('verify', async () => {
        demandStopped('verify');
        const { pageCount } = theGuest().memory;
        if (blob?.length !== pageCount * 4) {
          const problem = `verify: expected a ledger of ${pageCount} pages, got ${blob?.length ?? 0} bytes`;
          throw new LivemigError('BAD_INPUT', problem, { problems: [problem] });
        }
        return verifyMemory(theGuest(), blob);
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
      clearInterval(sampler);
      orders.phase = 'closed';
      closing.abort();
      await probes.close();
      await guest?.destroy();
      const ended = Promise.allSettled([migration, orders.idle()]);
      await Promise.race([ended, sleep(closePatienceMs, undefined, { ref: false })]);
      guest = null;
      events.complete();
    },
  };
};

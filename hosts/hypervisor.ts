import { Subject } from 'rxjs';
import type { ControlHandlers, VerifyReport } from '../proto/control.ts';
import { LivemigError } from '../proto/errors.ts';
import type { AgentEvent } from '../proto/events.ts';
import { setGuestCpuSource } from './cpu.ts';
import { Guest } from './guest/guest.ts';
import { verifyMemory } from './guest/verify.ts';
import { IncomingMigration } from './incoming.ts';
import type { MigrationControl } from './migration-control.ts';
import { createProbes } from './probes.ts';
import type { Role } from './role.ts';
import { OutgoingMigration } from './outgoing.ts';

const sampleIntervalMs = 100;

/** The role of source and destination: holds a guest, sends it or takes it. */
export const createHypervisor = (host: 'source' | 'destination'): Role => {
  const events = new Subject<AgentEvent>();
  const cancellation = new AbortController();
  const probes = createProbes();
  let guest: Guest | null = null;
  let guestAddress = '';
  let outgoing: OutgoingMigration | null = null;

  setGuestCpuSource(() => guest?.cpuS ?? 0);
  const sampler = setInterval(() => {
    if (guest !== null) events.next({ type: 'guest', host, running: guest.isRunning, ...guest.sample() });
  }, sampleIntervalMs);

  const theGuest = (): Guest => {
    if (guest === null)
      throw new LivemigError('ILLEGAL_PHASE', `the ${host} has no guest: call bootGuest first`);
    return guest;
  };

  const theMigration = (): MigrationControl => {
    if (outgoing === null) throw new LivemigError('ILLEGAL_PHASE', `the ${host} has no migration`);
    return outgoing.control;
  };

  const handlers: ControlHandlers = {
    ...probes.handlers,
    bootGuest: async ({ guest: config, address }) => {
      if (guest !== null) throw new LivemigError('ILLEGAL_PHASE', `the ${host} has a guest already`);
      guestAddress = address;
      const [booted, info] = await Guest.boot(config, host, address);
      guest = booted;
      return info;
    },
    startGuest: async () => {
      theGuest().resume();
      return theGuest().sample();
    },
    stopGuest: async () => {
      await theGuest().pause();
      return theGuest().sample();
    },
    migrate: (migration) => {
      outgoing = new OutgoingMigration(theGuest(), migration, (event) => {
        events.next(event);
      });
      return outgoing.run(cancellation.signal);
    },
    migrateSetParameters: async (change) => {
      theMigration().setParameters(change);
      return { status: theMigration().status };
    },
    migrateCancel: async () => {
      theMigration().cancel();
      return { status: theMigration().status };
    },
    migrateContinue: async () => {
      theMigration().continue();
      return { status: theMigration().status };
    },
    queryMigrate: async () => ({ status: outgoing?.control.status ?? 'none' }),
    migrateIncoming: (migration) => new IncomingMigration(theGuest(), guestAddress, migration).run(),
    ledger: async () => {
      const { ledger } = theGuest().memory;
      return {
        result: { pages: ledger.length },
        blob: Buffer.from(ledger.buffer, ledger.byteOffset, ledger.byteLength),
      };
    },
    verify: async (_, blob): Promise<VerifyReport> => {
      if (blob?.length !== theGuest().memory.pageCount * 4)
        throw new LivemigError(
          'INTERNAL',
          `expected a ledger of ${theGuest().memory.pageCount} pages, got ${blob?.length ?? 0} bytes`,
        );
      return verifyMemory(theGuest(), blob);
    },
  };

  return {
    handlers,
    events,
    close: async () => {
      clearInterval(sampler);
      cancellation.abort();
      await probes.close();
      await guest?.destroy();
    },
  };
};

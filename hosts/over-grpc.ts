/** Both ends of a migration as agents run them: over gRPC and in real time. */
import type { ArgumentOf, MigrateArguments } from '#proto/control';
import type { AgentEvent } from '#proto/events';
import { leastTimeouts } from '#proto/link-timeouts';
import { Announcer } from './announce.ts';
import { realClock } from './clock.ts';
import { IncomingMigration } from './incoming.ts';
import type { Machine } from './machine.ts';
import { OutgoingMigration } from './outgoing.ts';
import { strategyOf } from './strategy-of.ts';
import { grpcDestinationWire } from './transfer/grpc/destination-wire.ts';
import { grpcSourceWire } from './transfer/grpc/source-wire.ts';

export const outgoingOverGrpc = (
  machine: Machine,
  migration: MigrateArguments,
  emit: (event: AgentEvent) => void,
): OutgoingMigration =>
  new OutgoingMigration(machine, migration, {
    clock: realClock,
    wire: grpcSourceWire(migration, migration.timeouts ?? leastTimeouts, migration.tls),
    strategy: () => strategyOf(migration),
    emit,
  });

/** @param guestAddress the guest's own, which is announced when it runs here. */
export const incomingOverGrpc = (
  machine: Machine,
  guestAddress: string,
  migration: ArgumentOf<'migrateIncoming'>,
  emit: (event: AgentEvent) => void,
): IncomingMigration => {
  const { address, port, tls, timeouts = leastTimeouts, announceAddress, announcePort } = migration;
  return new IncomingMigration(machine, migration, {
    clock: realClock,
    wire: grpcDestinationWire(`${address}:${port}`, timeouts, tls),
    announcements: new Announcer(guestAddress, announceAddress, announcePort),
    emit,
  });
};

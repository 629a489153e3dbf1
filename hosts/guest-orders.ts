import type { OrderTable } from './orders.ts';

/** What the source or the destination has. */
export type GuestPhase =
  | 'no-guest'
  | 'shell'
  | 'stopped'
  | 'running'
  | 'outgoing'
  | 'incoming'
  | 'handed-over'
  | 'partial'
  | 'closed';

export type GuestOrder =
  | 'bootGuest'
  | 'startGuest'
  | 'stopGuest'
  | 'startDirtyLog'
  | 'stopDirtyLog'
  | 'migrate'
  | 'migrateSetParameters'
  | 'migrateSetTransfer'
  | 'migrateCancel'
  | 'migrateContinue'
  | 'migrateStartPostcopy'
  | 'migrateForceSwitchover'
  | 'migrateIncoming'
  | 'ledger'
  | 'verify';

/**
 * Which orders a hypervisor accepts in which phase. A guest that may run at the destination never runs here again
 * (`handed-over`), and what a failed migration left at the destination (`partial`) is not a guest; both can be
 * inspected. A stopped guest isn't migrated: the destination would start it.
 */
export const guestOrders: OrderTable<GuestPhase, GuestOrder> = {
  phases: {
    'no-guest': 'no guest (bootGuest)',
    shell: 'an empty guest that waits for its migration',
    stopped: 'a stopped guest',
    running: 'a running guest (startGuest)',
    outgoing: 'a migration from here under way (migrate)',
    incoming: 'a migration to here under way (migrateIncoming)',
    'handed-over': 'a guest that has gone to the destination',
    partial: 'what a failed migration has left of a guest',
    closed: 'nothing, as it is closing',
  },
  orders: {
    bootGuest: ['no-guest'],
    startGuest: ['stopped', 'running'],
    stopGuest: ['stopped', 'running', 'shell', 'handed-over', 'partial'],
    startDirtyLog: ['stopped', 'running'],
    stopDirtyLog: ['stopped', 'running', 'outgoing', 'handed-over'],
    migrate: ['running'],
    migrateSetParameters: ['outgoing'],
    migrateSetTransfer: ['outgoing'],
    migrateCancel: ['outgoing'],
    migrateContinue: ['outgoing'],
    migrateStartPostcopy: ['outgoing'],
    migrateForceSwitchover: ['outgoing'],
    migrateIncoming: ['shell'],
    ledger: ['stopped', 'handed-over', 'partial'],
    verify: ['stopped', 'handed-over', 'partial'],
  },
};

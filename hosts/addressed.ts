import type { Observable } from 'rxjs';
import { map } from 'rxjs';
import type { Whom } from '#proto/control-service';
import type { AgentEvent, ArgumentOf, ControlHandlers, ControlMethod } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { Role } from './role.ts';

/** Methods that are about the guest that a host has, or about the newest migration. */
const aboutGuest: readonly ControlMethod[] = [
  'startGuest',
  'stopGuest',
  'startDirtyLog',
  'stopDirtyLog',
  'migrate',
  'migrateIncoming',
  'ledger',
  'verify',
];
const aboutMigration: readonly ControlMethod[] = [
  'migrateSetParameters',
  'migrateSetTransfer',
  'migrateCancel',
  'migrateContinue',
  'migrateStartPostcopy',
  'migrateForceSwitchover',
  'queryMigrate',
];
/**
 * Methods that bring a guest, and those that begin a migration. A router has routes to many guests, and keeps their
 * ids.
 */
const bringsGuest: readonly ControlMethod[] = ['bootGuest'];
const beginsMigration: readonly ControlMethod[] = ['migrate', 'migrateIncoming'];

/** For a caller that names none. */
export const defaultGuestId = 'vm0';

/** A call must mean this host, its guest or its migration. Neither side has to name any of them. */
const demand = (
  method: ControlMethod,
  what: 'host' | 'guest' | 'migration',
  expected: string | null,
  asked: string | undefined,
): void => {
  if (asked === undefined || expected === null || asked === expected) return;
  const whose = what === 'host' ? 'which this is' : 'which this host has';
  const problem = `${method}: expected a call for ${what} ${JSON.stringify(expected)}, ${whose}, got one for ${JSON.stringify(asked)}`;
  throw new LivemigError('BAD_INPUT', problem, { problems: [problem] });
};

type AnyHandler = (argument: unknown, blob: Buffer | undefined, whom: Whom) => Promise<unknown>;

/**
 * A host that has an id, and whose guest and migration have theirs: calls meant for others are refused, and events say
 * who sends them and what they are about.
 */
export const addressed = (hostId: string, role: Role): Role => {
  let guestId: string | null = null;
  let migrationId: string | null = null;
  const guarded = (method: ControlMethod, handler: AnyHandler): AnyHandler => {
    const checked: AnyHandler = async (argument, blob, whom) => {
      demand(method, 'host', hostId, whom.hostId);
      if (aboutGuest.includes(method)) demand(method, 'guest', guestId, whom.guestId);
      if (aboutMigration.includes(method)) demand(method, 'migration', migrationId, whom.migrationId);
      const before = { guestId, migrationId };
      if (bringsGuest.includes(method)) guestId = whom.guestId ?? defaultGuestId;
      // Its events are about it from the first one on.
      if (beginsMigration.includes(method)) ({ migrationId } = argument as ArgumentOf<'migrate'>);
      try {
        return await handler(argument, blob, whom);
      } catch (error) {
        // Refused: the host is unchanged. A migration that fails returns a report instead of throwing.
        ({ guestId, migrationId } = before);
        throw error;
      }
    };
    return checked;
  };
  const entries = Object.entries(role.handlers).map(([method, handler]) => [
    method,
    guarded(method as ControlMethod, handler as AnyHandler),
  ]);
  const aboutWhom = (event: AgentEvent): Whom => {
    const ofGuest = guestId === null ? { hostId } : { hostId, guestId };
    return event.type === 'cut' || event.type === 'cut-ended'
      ? { hostId }
      : event.type === 'guest' || migrationId === null
        ? ofGuest
        : { ...ofGuest, migrationId };
  };
  const events: Observable<AgentEvent & Whom> = role.events.pipe(
    map((event) => ({ ...event, ...aboutWhom(event) })),
  );
  return { ...role, handlers: Object.fromEntries(entries) as ControlHandlers, events };
};

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Subject } from 'rxjs';
import { addressed } from '#hosts/addressed';
import { answer } from '#hosts/control-server';
import type { Role } from '#hosts/role';
import type { Whom } from '#proto/control-service';
import type { ControlMethod } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { AgentEvent } from '#proto/events';
import { validArgument } from '#test/support/control-arguments';

const status: AgentEvent = { type: 'status', atMs: 1, status: 'active' };
const sample: AgentEvent = { type: 'guest', atMs: 1, host: 'source', running: true, operations: 0, pagesDirtied: 0, stalledMs: 0 }; // prettier-ignore

/** A host that does whatever it is told, unless it refuses. */
const host = (refuses: readonly ControlMethod[] = []) => {
  const told = new Subject<AgentEvent>();
  const act = (method: ControlMethod) => async () => {
    if (refuses.includes(method)) throw new LivemigError('ILLEGAL_PHASE', 'not now');
    return { status: 'active' } as never;
  };
  const methods = ['bootGuest', 'startGuest', 'stopGuest', 'ledger', 'migrate', 'migrateCancel', 'queryMigrate'] as const; // prettier-ignore
  const handlers = Object.fromEntries(methods.map((method) => [method, act(method)]));
  const role: Role = { handlers, events: told, close: async () => undefined };
  const { handlers: guarded, events } = addressed('source', role);
  const seen: (AgentEvent & Whom)[] = [];
  events.subscribe((event) => seen.push(event));
  const call = async (method: ControlMethod, whom: Whom = {}, migrationId?: string) => {
    const [given] = fc.sample(validArgument(method), { numRuns: 1, seed: 1 });
    const argument = migrationId === undefined ? given : { ...(given as object), migrationId };
    const { error } = await answer(guarded, { method, argument, ...whom });
    return error ?? null;
  };
  return { call, told, seen };
};

describe('a host', () => {
  test('takes orders for itself or without a name, and for no other', async () => {
    const { call } = host();
    expect(await call('bootGuest', { hostId: 'source' })).toBeNull();
    expect(await call('startGuest')).toBeNull();
    expect(await call('startGuest', { hostId: 'destination' })).toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('expected a call for host "source", which this is') as unknown,
    });
  });
});

describe('a host whose guest has an id', () => {
  test('takes orders for that guest or without a name, and for no other', async () => {
    const { call } = host();
    expect(await call('bootGuest', { guestId: 'vm7' })).toBeNull();
    for (const method of ['startGuest', 'stopGuest', 'ledger', 'migrate'] as const) {
      expect(await call(method, { guestId: 'vm7' })).toBeNull();
      expect(await call(method)).toBeNull();
      expect(await call(method, { guestId: 'vm8' })).toMatchObject({
        code: 'BAD_INPUT',
        message: expect.stringContaining(
          'expected a call for guest "vm7", which this host has, got one for "vm8"',
        ) as unknown,
      });
    }
  });

  test('keeps it when another one is refused', async () => {
    const { call } = host(['bootGuest']);
    expect(await call('bootGuest', { guestId: 'vm8' })).toMatchObject({ code: 'ILLEGAL_PHASE' });
    expect(await call('startGuest', { guestId: 'vm9' })).toBeNull();
  });
});

describe('a host whose migration has an id', () => {
  test('takes orders for that migration only: an order for an earlier one is refused', async () => {
    const { call } = host();
    await call('migrate', {}, 'second');
    expect(await call('migrateCancel', { migrationId: 'second' })).toBeNull();
    expect(await call('queryMigrate', { migrationId: 'first' })).toMatchObject({ code: 'BAD_INPUT' });
    expect(await call('migrateCancel', { migrationId: 'first' })).toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('expected a call for migration "second"') as unknown,
    });
  });

  test('events say what they are about', async () => {
    const { call, told, seen } = host();
    await call('bootGuest', { guestId: 'vm7' });
    told.next(sample);
    await call('migrate', {}, 'first');
    told.next(status);
    told.next(sample);
    expect(seen).toEqual([
      { ...sample, hostId: 'source', guestId: 'vm7' },
      { ...status, hostId: 'source', guestId: 'vm7', migrationId: 'first' },
      { ...sample, hostId: 'source', guestId: 'vm7' },
    ]);
  });
});

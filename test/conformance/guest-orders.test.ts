import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { guestOrders } from '#hosts/guest-orders';
import type { GuestOrder, GuestPhase } from '#hosts/guest-orders';
import { Guest } from '#hosts/guest/guest';
import type { Hypervisor } from '#hosts/hypervisor';
import { outgoingOverGrpc } from '#hosts/over-grpc';
import { codeOf, messageOf } from '#proto/errors';
import { loopbackGuest } from '../support/loopback-migration.ts';
import {
  hypervisorPair,
  order,
  pairAddresses,
  untilActive,
  untilPreSwitchover,
} from '../support/hypervisor-pair.ts';
import type { HypervisorPair } from '../support/hypervisor-pair.ts';

/** The table of a hypervisor's orders, compared with hypervisors that were actually brought into every phase. */

const orderNames = Object.keys(guestOrders.orders) as GuestOrder[];

const booted = async (pair: HypervisorPair): Promise<Hypervisor> => {
  await order(pair.source, 'bootGuest', pair.argumentsOf().bootGuest!);
  return pair.source;
};
const running = async (pair: HypervisorPair): Promise<Hypervisor> => {
  await order(await booted(pair), 'startGuest', {});
  return pair.source;
};

/** Brings one of the two into the phase. */
const reach: Record<GuestPhase, (pair: HypervisorPair) => Promise<Hypervisor>> = {
  'no-guest': async ({ source }) => source,
  stopped: booted,
  running,
  shell: async ({ destination, argumentsOf }) => {
    await order(destination, 'bootGuest', argumentsOf().bootGuest!);
    return destination;
  },
  outgoing: async (pair) => {
    await untilPreSwitchover(pair);
    return pair.source;
  },
  incoming: async (pair) => {
    await untilPreSwitchover(pair);
    return pair.destination;
  },
  'handed-over': async (pair) => {
    const { outgoing, incoming } = await untilPreSwitchover(pair);
    await order(pair.source, 'migrateContinue', {});
    expect((await outgoing).status).toBe('completed');
    await incoming;
    return pair.source;
  },
  partial: async (pair) => {
    const { outgoing, incoming } = await untilPreSwitchover(pair);
    await order(pair.source, 'migrateCancel', {});
    expect((await outgoing).status).toBe('cancelled');
    await incoming;
    return pair.destination;
  },
  closed: async ({ source }) => {
    await source.close();
    return source;
  },
};

const give = (host: Hypervisor, method: GuestOrder, pair: HypervisorPair): Promise<unknown> => {
  const ledger = Buffer.alloc(loopbackGuest.ramBytes / 1024);
  return order(
    host,
    method,
    (pair.argumentsOf()[method] ?? {}) as never,
    method === 'verify' ? ledger : undefined,
  );
};

/** Orders that end at once; a migration continues until the pair is closed. */
const isLong = (method: GuestOrder): boolean => method === 'migrate' || method === 'migrateIncoming';

/** Orders that a migration takes only while its guest runs at the source. */
const isOfActive = (method: GuestOrder): boolean =>
  method === 'migrateStartPostcopy' || method === 'migrateForceSwitchover';

/** Of two at once the second finds another phase. */
const isOnce = (method: GuestOrder): boolean => method === 'bootGuest' || isLong(method);

const inPhase = async (
  phase: GuestPhase,
  stack: AsyncDisposableStack,
): Promise<{ pair: HypervisorPair; host: Hypervisor }> => {
  const pair = stack.use(await hypervisorPair());
  return { pair, host: await reach[phase](pair) };
};

/** Whether the host is in the phase, if need be by stopping or starting its guest. */
const isBack = async (phase: GuestPhase, host: Hypervisor): Promise<boolean> => {
  if (phase === 'stopped' && host.phase === 'running') await order(host, 'stopGuest', {});
  if (phase === 'running' && host.phase === 'stopped') await order(host, 'startGuest', {});
  return host.phase === phase && phase !== 'outgoing';
};

/** Waits just until it is clear whether an order was accepted. */
const codeOfOrder = async (given: Promise<unknown>, method: GuestOrder): Promise<string> => {
  given.catch(() => undefined);
  const outcome = given.then(
    () => 'taken',
    (error: unknown) => codeOf(error),
  );
  const shows = new Promise<string>((resolve) => setImmediate(() => resolve('taken')));
  return isLong(method) ? Promise.race([outcome, shows]) : outcome;
};

/** Phase and guest agree. */
const expectSound = ({ phase, isGuestRunning }: Hypervisor): void => {
  if (phase === 'running') expect(isGuestRunning).toBe(true);
  if (['stopped', 'shell', 'no-guest', 'closed'].includes(phase)) expect(isGuestRunning).toBe(false);
};

describe.each(Object.keys(guestOrders.phases) as GuestPhase[])('a host in phase %s', (phase) => {
  const legal = orderNames.filter((method) => guestOrders.orders[method].includes(phase));
  const refused = orderNames.filter((method) => !legal.includes(method));
  const taken = legal.filter((method) => !isOfActive(method));

  test(`refuses ${refused.join(', ')}, says what was expected, and stays as it is`, async () => {
    await using pair = await hypervisorPair();
    const host = await reach[phase](pair);
    const isRunning = host.isGuestRunning;
    for (const method of refused) {
      const error = await give(host, method, pair).catch((thrown: unknown) => thrown);
      expect({ method, code: codeOf(error) }).toEqual({ method, code: 'ILLEGAL_PHASE' });
      expect(messageOf(error)).toMatch(new RegExp(`^${method}: expected the .+; it has ${guestOrders.phases[phase].replace(/[()]/g, '.')}`)); // prettier-ignore
      expect({ phase: host.phase, isRunning: host.isGuestRunning }).toEqual({ phase, isRunning });
    }
  });

  if (taken.length > 0)
    test(`takes ${taken.join(', ')}, and any two of them at once or one after the other`, async () => {
      await using stack = new AsyncDisposableStack();
      let at: { pair: HypervisorPair; host: Hypervisor } | null = null;
      const alone = taken.map((method) => [method]);
      // What steers a migration acts at once: there is nothing to race with.
      const pairs = phase === 'outgoing' ? [] : taken.flatMap((one) => taken.map((other) => [one, other]));
      for (const methods of [...alone, ...pairs]) {
        at ??= await inPhase(phase, stack);
        const { host, pair } = at;
        expect(host.phase).toBe(phase);
        const given = methods.map((method) => ({ method, answer: give(host, method, pair) }));
        const codes = await Promise.all(given.map(({ method, answer }) => codeOfOrder(answer, method)));
        expect({ methods, first: codes[0] }).toEqual({ methods, first: 'taken' });
        expect(['taken', 'ILLEGAL_PHASE']).toContain(codes.at(-1));
        const [first, second] = methods;
        if (first === second && isOnce(first!)) expect(codes[1]).toBe('ILLEGAL_PHASE');
        expectSound(host);
        if (await isBack(phase, host)) continue;
        await pair[Symbol.asyncDispose]();
        at = null;
      }
    });
});

describe('an order to switch over', () => {
  const orders = orderNames.filter(isOfActive);

  test.each(orders)('%s is taken while the guest runs at the source, once', async (method) => {
    await using pair = await hypervisorPair();
    const { outgoing, incoming } = await untilActive(pair, 'hybrid');
    await expect(give(pair.source, method, pair)).resolves.toEqual({ status: 'active' });
    await expect(give(pair.source, method, pair)).rejects.toMatchObject({ code: 'ILLEGAL_PHASE' });
    expect([await outgoing, await incoming]).toMatchObject([
      { status: 'completed' },
      { status: 'completed' },
    ]);
    expect(pair.source.phase).toBe('handed-over');
  });

  test.each(orders)('%s is refused once it waits before the switchover', async (method) => {
    await using pair = await hypervisorPair();
    await untilPreSwitchover(pair);
    await expect(give(pair.source, method, pair)).rejects.toMatchObject({
      code: 'ILLEGAL_PHASE',
      message: expect.stringContaining('it is pre-switchover') as unknown,
    });
    expect(pair.source.phase).toBe('outgoing');
  });

  test('to post-copy is refused for a strategy without it, which goes on', async () => {
    await using pair = await hypervisorPair();
    const { outgoing } = await untilActive(pair, 'pre-copy');
    await expect(give(pair.source, 'migrateStartPostcopy', pair)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('postcopy-ram') as unknown,
    });
    await expect(give(pair.source, 'migrateForceSwitchover', pair)).resolves.toEqual({ status: 'active' });
    expect((await outgoing).status).toBe('completed');
  });
});

describe('the table of orders', () => {
  test.each(['handed-over', 'partial'] as const)('never starts or moves a guest that is %s', (phase) => {
    for (const method of ['bootGuest', 'startGuest', 'migrate', 'migrateIncoming'] as const)
      expect(guestOrders.orders[method]).not.toContain(phase);
  });

  test('allows one migration at a time', () => {
    for (const method of ['bootGuest', 'startGuest', 'migrate', 'migrateIncoming'] as const)
      for (const phase of ['outgoing', 'incoming'] as const)
        expect(guestOrders.orders[method]).not.toContain(phase);
  });
});

test('a guest that runs at the destination is not started again at the source', async () => {
  await using pair = await hypervisorPair();
  const source = await reach['handed-over'](pair);
  expect(pair.destination.isGuestRunning).toBe(true);
  await expect(order(source, 'startGuest', {})).rejects.toMatchObject({ code: 'ILLEGAL_PHASE' });
  await expect(give(source, 'migrate', pair)).rejects.toMatchObject({ code: 'ILLEGAL_PHASE' });
  expect(source.isGuestRunning).toBe(false);
});

test.each([true, false])(
  'a failed migration leaves the guest as it found it: running %p',
  async (isRunning) => {
    const occupied = createServer().listen(0, '127.0.0.1');
    await once(occupied, 'listening');
    await using pair = await hypervisorPair();
    const { migrate } = pair.argumentsOf();
    const { port } = occupied.address() as AddressInfo;
    const [guest] = await Guest.boot(loopbackGuest, 'source', pairAddresses.source);
    try {
      if (isRunning) guest.resume();
      const migration = outgoingOverGrpc(guest, { ...migrate!, port }, () => undefined);
      const report = await migration.run(new AbortController().signal);
      expect(report).toMatchObject({ status: 'failed', error: { code: 'TESTBED_FAILED' } });
      expect(guest.isRunning).toBe(isRunning);
    } finally {
      await guest.destroy();
      occupied.close();
    }
  },
);

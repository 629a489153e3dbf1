import { afterEach, describe, expect, test } from '@jest/globals';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { GuestRouter, routedGuestsMax } from '#hosts/wan/guest-route';
import { announcementAck, announcementOf } from '#proto/announce';

const loopback = '127.0.0.1';
const routeOf = (guestAddress: string) => ({
  guestAddress,
  source: '127.0.0.9',
  destination: loopback,
  announceAddress: loopback,
});

describe('a router with routes to several guests', () => {
  const routes = new Map<string, string>();
  let open: GuestRouter[] = [];
  const routerOf = () => {
    routes.clear();
    const made = new GuestRouter({
      replace: (target, gateway) => void routes.set(target, gateway),
      close: () => undefined,
    });
    open.push(made);
    return made;
  };
  afterEach(() => {
    for (const router of open) router.close();
    open = [];
  });

  /** Sends these in turn to one port, and waits for the only answer: the last one's. */
  const announce = async (port: number, ...guestAddresses: string[]) => {
    const socket = createSocket('udp4');
    try {
      socket.bind(0, loopback);
      await once(socket, 'listening');
      const answer = once(socket, 'message', { signal: AbortSignal.timeout(5_000) });
      for (const address of guestAddresses) socket.send(announcementOf(address), port, loopback);
      const [message] = (await answer) as [Buffer];
      return message.toString();
    } finally {
      socket.close();
    }
  };

  test("moves each on its own announcement; another guest's, on the wrong port, moves nothing", async () => {
    const router = routerOf();
    const first = await router.route('vm0', routeOf('10.0.0.1'));
    await router.route('vm1', routeOf('10.0.0.2'));
    expect(await announce(first, '10.0.0.2', '10.0.0.1')).toBe(announcementAck);
    expect(router.movedAtMs('vm0')).toBeGreaterThan(0);
    expect(router.movedAtMs('vm1')).toBeNull();
    expect([...routes]).toEqual([
      ['10.0.0.1', loopback],
      ['10.0.0.2', '127.0.0.9'],
    ]);
  });

  test('resets one, and leaves the others where they are', async () => {
    const router = routerOf();
    await announce(await router.route('vm0', routeOf('10.0.0.1')), '10.0.0.1');
    await announce(await router.route('vm1', routeOf('10.0.0.2')), '10.0.0.2');
    await router.route('vm0', routeOf('10.0.0.1'));
    expect(router.movedAtMs('vm0')).toBeNull();
    expect(router.movedAtMs('vm1')).toBeGreaterThan(0);
    expect(routes.get('10.0.0.1')).toBe('127.0.0.9');
  });

  test('refuses a guest it has no route to, an address that another guest has, and one guest too many', async () => {
    const router = routerOf();
    expect(() => router.movedAtMs('vm0')).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
    for (let n = 0; n < routedGuestsMax; n++) await router.route(`vm${n}`, routeOf(`10.0.1.${n}`));
    await expect(router.route('vm1', routeOf('10.0.1.0'))).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('which guest "vm0" has') as unknown,
    });
    await expect(router.route('more', routeOf('10.0.2.1'))).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect(router.movedAtMs('vm1')).toBeNull();
  });

  test('forgets one if it cannot listen for its announcements', async () => {
    const router = routerOf();
    const nobodys = { ...routeOf('10.0.0.1'), announceAddress: '192.0.2.1' };
    await expect(router.route('vm0', nobodys)).rejects.toMatchObject({ code: 'TESTBED_FAILED' });
    expect(() => router.movedAtMs('vm0')).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
  });
});

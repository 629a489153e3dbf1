import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { announcementAck, announcementOf } from '#proto/announce';
import { LivemigError, messageOf } from '#proto/errors';
import { monotonicMs } from '#proto/units';
import { RouteMover } from './route.ts';

export interface GuestRoute {
  guestAddress: string;
  source: string;
  destination: string;
  /** The router's own address towards the destination. */
  announceAddress: string;
}

/** The most guests that a router has routes to: each needs its own socket. */
export const routedGuestsMax = 64;

const refuse = (problem: string): never => {
  throw new LivemigError('BAD_INPUT', problem, { problems: [problem] });
};

/** One guest's route: to the source at first, to the destination once that announces the guest. */
class AnnouncedRoute {
  readonly route: GuestRoute;
  readonly #mover: Pick<RouteMover, 'replace'>;
  readonly #socket = createSocket('udp4');
  #movedAtMs: number | null = null;

  constructor(route: GuestRoute, mover: Pick<RouteMover, 'replace'>) {
    this.route = route;
    this.#mover = mover;
  }

  get movedAtMs(): number | null {
    return this.#movedAtMs;
  }

  /** @returns the UDP port on which it listens for the announcement */
  async listen(): Promise<number> {
    const { route } = this;
    const socket: Socket = this.#socket;
    this.#mover.replace(route.guestAddress, route.source);
    const expected = announcementOf(route.guestAddress);
    socket.on('message', (message, sender) => {
      // Only the destination may move the guest, so that a stray source can't take it back.
      if (sender.address !== route.destination || message.toString() !== expected) return;
      // Port 0 can't be sent to, but a datagram may say that it came from there.
      if (this.#move() && sender.port !== 0)
        socket.send(announcementAck, sender.port, sender.address, () => undefined);
    });
    socket.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (cause) => {
        reject(new LivemigError('TESTBED_FAILED', `can't listen for announcements on ${route.announceAddress}: ${messageOf(cause)}`, { cause })); // prettier-ignore
      });
      socket.bind(0, route.announceAddress, resolve);
    });
    return socket.address().port;
  }

  /**
   * Whether the guest's route leads to the destination. If the kernel refuses it, the next announcement tries again.
   */
  #move(): boolean {
    if (this.#movedAtMs !== null) return true;
    try {
      this.#mover.replace(this.route.guestAddress, this.route.destination);
    } catch {
      return false;
    }
    this.#movedAtMs = monotonicMs();
    return true;
  }

  close(): void {
    this.#socket.close();
  }
}

/** The routes to the guests' own addresses, by guest id. */
export class GuestRouter {
  readonly #mover: Pick<RouteMover, 'replace' | 'close'>;
  readonly #routes = new Map<string, AnnouncedRoute>();

  constructor(mover: Pick<RouteMover, 'replace' | 'close'> = new RouteMover()) {
    this.#mover = mover;
  }

  /**
   * Routes the guest to its source and listens for its announcement; a second call for the same guest starts over.
   * @returns the UDP port
   * @throws LivemigError BAD_INPUT if another guest has the address, or there are too many; TESTBED_FAILED when the
   *   kernel refuses the route or the socket.
   */
  async route(guestId: string, route: GuestRoute): Promise<number> {
    for (const [id, { route: other }] of this.#routes)
      if (id !== guestId && other.guestAddress === route.guestAddress)
        refuse(`routeGuest: expected an address of its own for guest ${JSON.stringify(guestId)}, got ${route.guestAddress}, which guest ${JSON.stringify(id)} has`); // prettier-ignore
    if (!this.#routes.has(guestId) && this.#routes.size >= routedGuestsMax)
      refuse(`routeGuest: expected at most ${String(routedGuestsMax)} guests, got one more`);
    this.#forget(guestId);
    const announced = new AnnouncedRoute(route, this.#mover);
    this.#routes.set(guestId, announced);
    try {
      return await announced.listen();
    } catch (error) {
      this.#forget(guestId);
      throw error;
    }
  }

  /**
   * When the guest's route moved, on CLOCK_MONOTONIC; null = it has not.
   * @throws LivemigError BAD_INPUT for a guest that has no route here.
   */
  movedAtMs(guestId: string): number | null {
    const announced = this.#routes.get(guestId);
    if (announced !== undefined) return announced.movedAtMs;
    const known = [...this.#routes.keys()].map((id) => JSON.stringify(id)).join(', ');
    return refuse(
      `guestRouteMoved: expected a guest that this router has a route to (${known === '' ? 'none' : known}), ` +
        `got ${JSON.stringify(guestId)}; call routeGuest first`,
    );
  }

  #forget(guestId: string): void {
    this.#routes.get(guestId)?.close();
    this.#routes.delete(guestId);
  }

  close(): void {
    for (const guestId of this.#routes.keys()) this.#forget(guestId);
    this.#mover.close();
  }
}

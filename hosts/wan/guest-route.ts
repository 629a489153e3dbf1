import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { announcementAck, announcementOf } from '../../proto/announce.ts';
import { LivemigError, messageOf } from '../../proto/errors.ts';
import { monotonicMs } from '../../proto/units.ts';
import { RouteMover } from './route.ts';

export interface GuestRoute {
  guestAddress: string;
  source: string;
  destination: string;
  /** The router's own address towards the destination. */
  announceAddress: string;
}

/** The route to the guest's own address: to the source at first, to the destination once that announces the guest. */
export class GuestRouter {
  readonly #mover = new RouteMover();
  #socket: Socket | undefined;
  #movedAtMs: number | null = null;

  get movedAtMs(): number | null {
    return this.#movedAtMs;
  }

  /** Routes to the source and listens for the announcement; a second call starts afresh. @returns the UDP port */
  async route(route: GuestRoute): Promise<number> {
    this.#socket?.close();
    this.#movedAtMs = null;
    this.#mover.replace(route.guestAddress, route.source);
    const socket = createSocket('udp4');
    this.#socket = socket;
    const expected = announcementOf(route.guestAddress);
    socket.on('message', (message, sender) => {
      // Only the destination may move the guest, so that a stray source can't take it back.
      if (sender.address !== route.destination || message.toString() !== expected) return;
      // Port 0 can't be sent to, but a datagram may say that it came from there.
      if (this.#move(route) && sender.port !== 0)
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

  /** Whether the guest's route leads to the destination. Where the kernel refuses it, the next announcement tries again. */
  #move(route: GuestRoute): boolean {
    if (this.#movedAtMs !== null) return true;
    try {
      this.#mover.replace(route.guestAddress, route.destination);
    } catch {
      return false;
    }
    this.#movedAtMs = monotonicMs();
    return true;
  }

  close(): void {
    this.#socket?.close();
    this.#mover.close();
  }
}

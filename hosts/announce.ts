import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { announcementAck, announcementOf } from '#proto/announce';

const repeatMs = 10;
const repeatMax = 200;

/** How the world hears that the guest lives here now. */
export interface Announcements {
  announce(): void;
  /** Stops announcing. Idempotent. */
  close(): void;
}

/**
 * Tells the router that the guest lives here now, like QEMU's announce-self: a datagram, repeated until it is
 * acknowledged. Its socket is made and connected before it is needed, so that the first datagram leaves within the
 * call: nobody can reach the guest while a socket is being opened. Never fails: a guest that nobody can reach is what
 * the observer measures.
 */
export class Announcer implements Announcements {
  readonly #datagram: Buffer;
  readonly #socket: Socket;
  #timer: NodeJS.Timeout | undefined;
  #isConnected = false;
  #isClosed = false;
  #sent = 0;

  constructor(guestAddress: string, routerAddress: string, port: number) {
    this.#datagram = Buffer.from(announcementOf(guestAddress));
    this.#socket = createSocket('udp4');
    // A refusal reaches a connected socket as an error; the next datagram may get through.
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (answer) => {
      if (answer.toString() === announcementAck) this.close();
    });
    this.#socket.connect(port, routerAddress, (error?: Error) => {
      this.#isConnected = error === undefined;
    });
  }

  announce(): void {
    if (this.#isClosed) return;
    this.#timer ??= setInterval(() => {
      this.#send();
    }, repeatMs);
    this.#send();
  }

  close(): void {
    clearInterval(this.#timer);
    if (!this.#isClosed) this.#socket.close();
    this.#isClosed = true;
  }

  #send(): void {
    if (++this.#sent > repeatMax) this.close();
    else if (this.#isConnected) this.#socket.send(this.#datagram, () => undefined);
  }
}

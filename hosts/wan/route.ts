/**
 * Host routes by RTNETLINK, synchronously and acknowledged by the kernel: the guest is unreachable until its route has
 * moved, and starting `ip` would cost milliseconds of its downtime.
 */
import { LivemigError } from '#proto/errors';
import { closeDescriptor, openNetlink, receiveBytes, sendBytes } from './libc.ts';
import { encodeAttribute, encodeMessage, errnoOf, netlinkFlags } from './netlink.ts';

const netlinkRoute = 0;
const newRouteType = 24;
const attributeDestination = 1;
const attributeGateway = 5;

const addressBytes = (address: string): Buffer => Buffer.from(address.split('.').map(Number));

/** RTM_NEWROUTE that creates or replaces `target`/32 via `gateway` in the main table. Pure. */
export const replaceRouteMessage = (target: string, gateway: string): Buffer => {
  const afInet = 2;
  const mainTable = 254;
  const protocolStatic = 4;
  const unicast = 1;
  const body = Buffer.from([afInet, 32, 0, 0, mainTable, protocolStatic, 0, unicast, 0, 0, 0, 0]);
  const { request, ack, create, replace } = netlinkFlags;
  return encodeMessage(
    { type: newRouteType, flags: request | ack | create | replace, body },
    encodeAttribute(attributeDestination, addressBytes(target)),
    encodeAttribute(attributeGateway, addressBytes(gateway)),
  );
};

/** An open RTNETLINK socket that replaces routes within some 10 µs. */
export class RouteMover {
  readonly #fd = openNetlink(netlinkRoute);
  readonly #answer = Buffer.alloc(4096);

  /** @throws LivemigError TESTBED_FAILED when the kernel refuses the route. */
  replace(target: string, gateway: string): void {
    sendBytes(this.#fd, replaceRouteMessage(target, gateway));
    receiveBytes(this.#fd, this.#answer);
    const errno = errnoOf(this.#answer);
    if (errno !== 0)
      throw new LivemigError(
        'TESTBED_FAILED',
        `the kernel refused the route ${target}/32 via ${gateway}: errno ${String(errno)}`,
      );
  }

  close(): void {
    closeDescriptor(this.#fd);
  }
}

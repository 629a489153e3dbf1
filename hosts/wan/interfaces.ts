import { networkInterfaces } from 'node:os';
import type { NetworkInterfaceInfo } from 'node:os';
import type { RouterPorts } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { RouterInterfaces } from './backend.ts';

/**
 * The router's interfaces by its own addresses.
 * @throws LivemigError LINK_NOT_APPLIED when an address is on none.
 */
export const findInterfaces = (
  ports: RouterPorts,
  all: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): RouterInterfaces => {
  const nameOf = (address: string): string => {
    const found = Object.entries(all).find(([, infos]) => infos?.some((info) => info.address === address));
    if (found !== undefined) return found[0];
    const known = Object.values(all).flatMap((infos) => infos?.map((info) => info.address) ?? []);
    throw new LivemigError(
      'LINK_NOT_APPLIED',
      `the router has no interface with ${address}; it has ${known.join(', ')}`,
    );
  };
  return {
    towardsSource: nameOf(ports.towardsSource),
    towardsDestination: nameOf(ports.towardsDestination),
    towardsObserver: nameOf(ports.towardsObserver),
  };
};

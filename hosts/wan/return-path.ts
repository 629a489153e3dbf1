/**
 * Where the direction destination → source is shaped: everything that comes in from the destination is led through an
 * IFB device. One bottleneck for both the source's and the observer's share, which traffic between those two (source
 * and observer, one site) never touches; and it works the same where they share an interface, as in Docker.
 */
import { networkInterfaces } from 'node:os';
import { LivemigError } from '#proto/errors';
import { command } from '../command.ts';
import type { Bottlenecks } from './backend.ts';
import { tc } from './tc.ts';

const returnDevice = 'livemig-return';
const queueLengthPackets = '1000';

const exists = (device: string): Promise<boolean> =>
  command(['ip', 'link', 'show', 'dev', device]).then(
    () => true,
    () => false,
  );

/**
 * Leads what arrives on `device` through the return device, except what is meant for the router itself: the migrated
 * guest's announcement is for the switch next to it and crosses no WAN. Idempotent.
 * @returns the device whose root qdisc shapes the direction
 */
export const createReturnPath = async (device: string): Promise<string> => {
  if (await exists(returnDevice)) return returnDevice;
  await command(['ip', 'link', 'add', returnDevice, 'txqueuelen', queueLengthPackets, 'type', 'ifb'], {
    code: 'LINK_NOT_APPLIED',
  });
  await command(['ip', 'link', 'set', returnDevice, 'up'], { code: 'LINK_NOT_APPLIED' });
  await tc('qdisc', 'replace', 'dev', device, 'ingress');
  const own = (networkInterfaces()[device] ?? []).filter(({ family }) => family === 'IPv4');
  const ingress = ['filter', 'add', 'dev', device, 'parent', 'ffff:', 'protocol', 'ip'];
  for (const { address } of own)
    await tc(...ingress, 'prio', '1', 'u32', 'match', 'ip', 'dst', `${address}/32`, 'flowid', '1:1');
  await tc(...ingress, 'prio', '2', 'u32', 'match', 'u32', '0', '0', 'action', 'mirred', 'egress', 'redirect', 'dev', returnDevice); // prettier-ignore
  return returnDevice;
};

/** Where both directions are shaped, with what leaves on `device` for the destination. */
export const bottlenecksOf = (device: string | undefined): Bottlenecks => {
  if (device === undefined)
    throw new LivemigError('LINK_NOT_APPLIED', 'no link has been applied, so that there is nothing to count');
  return { sourceToDestination: device, destinationToSource: returnDevice };
};

/** Idempotent. */
export const removeReturnPath = async (device: string): Promise<void> => {
  await command(['tc', 'qdisc', 'del', 'dev', device, 'ingress']).catch(() => undefined);
  await command(['ip', 'link', 'del', returnDevice]).catch(() => undefined);
};

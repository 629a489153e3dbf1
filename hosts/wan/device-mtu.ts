/** The MTU of the router's port towards the destination, which is the link's; everything else keeps its own. */
import { LivemigError } from '#proto/errors';
import { command } from '../command.ts';

const ip = (...args: string[]): Promise<string> => command(['ip', ...args], { code: 'LINK_NOT_APPLIED' });

const readMtu = async (device: string): Promise<number> => {
  const text = await ip('-j', 'link', 'show', 'dev', device);
  const [link] = JSON.parse(text) as { mtu?: number }[];
  if (link?.mtu === undefined)
    throw new LivemigError('LINK_NOT_APPLIED', `ip tells no MTU of ${device} but: ${text.slice(0, 200)}`);
  return link.mtu;
};

interface DeviceMtu {
  /**
   * Sets it and reads it back. @param mtuBytes undefined: its own again
   * @throws LivemigError LINK_NOT_APPLIED
   */
  apply(device: string, mtuBytes: number | undefined): Promise<void>;
  /** Idempotent. Never throws: the device may be gone. */
  restore(): Promise<void>;
}

export const createDeviceMtu = (): DeviceMtu => {
  let changed: { device: string; ownBytes: number } | undefined;
  const set = async (device: string, mtuBytes: number): Promise<void> => {
    await ip('link', 'set', 'dev', device, 'mtu', String(mtuBytes));
    const found = await readMtu(device);
    if (found !== mtuBytes)
      throw new LivemigError(
        'LINK_NOT_APPLIED',
        `${device} reads back other than it was set: mtu ${found} instead of ${mtuBytes}`,
      );
  };
  return {
    apply: async (device, mtuBytes) => {
      if (mtuBytes === undefined && changed?.device !== device) return;
      changed ??= { device, ownBytes: await readMtu(device) };
      await set(device, mtuBytes ?? changed.ownBytes);
    },
    restore: async () => {
      if (changed !== undefined) await set(changed.device, changed.ownBytes).catch(() => undefined);
      changed = undefined;
    },
  };
};

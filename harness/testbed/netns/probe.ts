import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { messageOf } from '#proto/errors';
import type { Support } from '../testbed.ts';
import { cellScript } from './cell-script.ts';
import { cellEnvironment, isRootless, startCell } from './cell.ts';
import { netnsTopology } from './layout.ts';

/** Programs the driver and the agents call, and the Debian package of each. */
const requiredPrograms: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  tc: 'iproute2',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  mount: 'mount',
  timeout: 'coreutils',
};

const isInstalled = (program: string): boolean =>
  (cellEnvironment()['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

const readSysctl = (name: string): string | null => {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim();
  } catch {
    return null;
  }
};

/** Settings by which kernels and distributions take user namespaces from ordinary users. */
const userNamespaceSysctls = [
  { name: 'user.max_user_namespaces', forbids: (value: string) => value === '0', remedy: '15000' },
  { name: 'user.max_net_namespaces', forbids: (value: string) => value === '0', remedy: '15000' },
  { name: 'kernel.unprivileged_userns_clone', forbids: (value: string) => value === '0', remedy: '1' },
  {
    name: 'kernel.apparmor_restrict_unprivileged_userns',
    forbids: (value: string) => value !== '0',
    remedy: '0',
  },
] as const;

/**
 * Why a cell couldn't be made, and what to do about it.
 * @param read the value of a sysctl, null where this kernel has none of that name.
 */
export const explainFailure = (
  failure: string,
  rootless: boolean,
  read: (name: string) => string | null = readSysctl,
): string => {
  if (!rootless)
    return `${failure} Root needs CAP_SYS_ADMIN and CAP_NET_ADMIN for network namespaces: inside a container, start it with --privileged.`;
  const forbidding = userNamespaceSysctls.filter(({ name, forbids }) => {
    const value = read(name);
    return value !== null && forbids(value);
  });
  if (forbidding.length === 0)
    return `${failure} An ordinary user needs user namespaces for this; root does not.`;
  const remedies = forbidding.map(({ name, remedy }) => `sysctl -w ${name}=${remedy}`).join(' && ');
  return `${failure} This machine takes user namespaces from ordinary users: run \`${remedies}\` as root, or livemig as root.`;
};

const probeTimeoutMs = 10_000;

/** Makes a whole cell (namespaces, links, addresses, settings), as this user, and lets it go again. */
export const probeNetns = async (): Promise<Support> => {
  if (process.platform !== 'linux')
    return { supported: false, reason: `network namespaces are Linux's; this is ${process.platform}` };
  const missing = Object.entries(requiredPrograms).filter(([program]) => !isInstalled(program));
  if (missing.length > 0) {
    const packages = [...new Set(missing.map(([, name]) => name))].join(' ');
    const programs = missing.map(([program]) => program).join(', ');
    return { supported: false, reason: `${programs} not found: apt-get install ${packages}` };
  }
  const rootless = isRootless();
  try {
    // The cell removes its directory when it ends; this one has none.
    const cell = await startCell(
      cellScript(netnsTopology, { tcpBufferMaxBytes: 8 << 20 }),
      '',
      probeTimeoutMs,
    );
    await cell.end();
  } catch (error) {
    return { supported: false, reason: explainFailure(messageOf(error), rootless) };
  }
  const privileges = rootless ? 'as an ordinary user, in a user namespace' : 'as root';
  const withoutIptables = isInstalled('iptables')
    ? ''
    : '; iptables not found, which the nfqueue link backend needs: apt-get install iptables';
  return { supported: true, reason: `${privileges}${withoutIptables}` };
};

import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { command } from '#hosts/command';
import { messageOf } from '#proto/errors';

/** Programs that livemig or its tests call: how to detect each, and its Debian package. */
const tools = {
  ip: { package: 'iproute2', program: 'ip' },
  tc: { package: 'iproute2', program: 'tc' },
  iptables: { package: 'iptables', program: 'iptables' },
  ethtool: { package: 'ethtool', program: 'ethtool' },
  iperf3: { package: 'iperf3', program: 'iperf3' },
  ping: { package: 'iputils-ping', program: 'ping' },
  unshare: { package: 'util-linux', program: 'unshare' },
  dockerd: { package: 'docker.io', program: 'dockerd' },
  'docker-compose': { package: 'docker-compose', program: 'docker-compose' },
  debootstrap: { package: 'debootstrap', program: 'debootstrap' },
  'user-mode-linux': { package: 'user-mode-linux', program: 'linux.uml' },
  busybox: { package: 'busybox-static', program: 'busybox' },
  chromium: { package: 'chromium', program: 'chromium' },
} as const;

export type HostTool = keyof typeof tools;

export interface HostToolsReport {
  /** Still missing. */
  missing: HostTool[];
  /** Why, and how to get them; empty if nothing is missing. */
  reason: string;
}

const searchPath = (): string[] => [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];

const isThere = async (program: string): Promise<boolean> => {
  for (const directory of searchPath())
    if (
      await access(join(directory, program), constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return true;
  return false;
};

export const missingTools = async (names: readonly HostTool[]): Promise<HostTool[]> => {
  const found = await Promise.all(names.map((name) => isThere(tools[name].program)));
  return names.filter((_, index) => found[index] === false);
};

/** Why livemig may not install packages here; null if it may. */
const obstacle = async (): Promise<string | null> => {
  if (process.env['LIVEMIG_INSTALL'] === 'none') return 'LIVEMIG_INSTALL=none forbids installing';
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'installing needs root';
  const osRelease = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID(_LIKE)?="?[^"\n]*\b(debian|ubuntu)\b/m.test(osRelease) ? null : 'this system is not a Debian';
};

const aptGet = (args: readonly string[]): Promise<string> =>
  command(['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    code: 'UNSUPPORTED',
    timeoutMs: 600_000,
  });

/** Package lists may be missing or outdated: they are fetched if the first attempt fails. */
const install = async (packages: readonly string[]): Promise<void> => {
  const args = ['install', '-y', '--no-install-recommends', ...packages];
  try {
    await aptGet(args);
  } catch {
    await aptGet(['update']);
    await aptGet(args);
  }
};

/**
 * Makes sure that programs are installed: as root on a Debian-like system, installs the Debian packages of missing ones
 * and prints one line, unless LIVEMIG_INSTALL=none. Never throws.
 */
export const ensureHostTools = async (
  names: readonly HostTool[],
  say: (line: string) => void = (line) => {
    console.error(`livemig: ${line}`);
  },
): Promise<HostToolsReport> => {
  const wanted = await missingTools(names);
  if (wanted.length === 0) return { missing: [], reason: '' };
  const packages = [...new Set(wanted.map((name) => tools[name].package))];
  const remedy = `apt-get install ${packages.join(' ')}`;
  const why = await obstacle();
  if (why !== null) return { missing: wanted, reason: `${wanted.join(', ')} not found (${why}): ${remedy}` };
  say(`installing ${packages.join(' ')} (LIVEMIG_INSTALL=none forbids it) …`);
  const failure = await install(packages).then(
    () => '',
    (error: unknown) => messageOf(error),
  );
  const missing = await missingTools(wanted);
  return missing.length === 0
    ? { missing, reason: '' }
    : { missing, reason: `${remedy} did not help: ${failure}` };
};

import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { command } from '#hosts/command';
import { messageOf } from '#proto/errors';

interface Tool {
  /** Debian's. */
  package: string;
  program: string;
  /** What livemig uses it for; without it, only tests do. */
  purpose?: string;
}

/** Programs that livemig or its tests call. */
const tools = {
  ip: { package: 'iproute2', program: 'ip', purpose: 'hosts and links' },
  tc: { package: 'iproute2', program: 'tc', purpose: 'rates, netem' },
  iptables: { package: 'iptables', program: 'iptables', purpose: 'the nfqueue link backend' },
  ethtool: { package: 'ethtool', program: 'ethtool', purpose: 'links with loss' },
  iperf3: { package: 'iperf3', program: 'iperf3', purpose: 'benchmarks (npm run bench)' },
  docker: { package: 'docker.io', program: 'docker', purpose: 'the docker driver and its engine' },
  debootstrap: {
    package: 'debootstrap',
    program: 'debootstrap',
    purpose: 'building the host image without a registry',
  },
  ping: { package: 'iputils-ping', program: 'ping' },
  unshare: { package: 'util-linux', program: 'unshare' },
  dockerd: { package: 'docker.io', program: 'dockerd' },
  'docker-compose': { package: 'docker-compose', program: 'docker-compose' },
  'user-mode-linux': { package: 'user-mode-linux', program: 'linux.uml' },
  busybox: { package: 'busybox-static', program: 'busybox' },
  fish: { package: 'fish', program: 'fish' },
  zsh: { package: 'zsh', program: 'zsh' },
  chromium: { package: 'chromium', program: 'chromium' },
} as const satisfies Record<string, Tool>;

export type HostTool = keyof typeof tools;

/** Those that livemig itself uses, with what for. */
export const toolsInUse = Object.entries(tools).flatMap(([name, tool]: [string, Tool]) =>
  tool.purpose === undefined ? [] : [{ ...tool, name: name as HostTool, purpose: tool.purpose }],
);

export interface HostToolsReport {
  /** Still missing. */
  missing: HostTool[];
  /** Why, and how to get them; empty if nothing is missing. */
  reason: string;
}

/** With directories that an ordinary user's PATH may lack. */
const searchPath = (): string[] => [
  ...(process.env['PATH'] ?? '').split(delimiter),
  '/usr/sbin',
  '/sbin',
  '/usr/local/sbin',
];

/** Where a program is; undefined where it isn't. */
export const findProgram = async (program: string): Promise<string | undefined> => {
  for (const directory of searchPath()) {
    const path = join(directory, program);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
};

const missingTools = async (names: readonly HostTool[]): Promise<HostTool[]> => {
  const found = await Promise.all(names.map((name) => findProgram(tools[name].program)));
  return names.filter((_, index) => found[index] === undefined);
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
    process.stderr.write(`livemig: ${line}\n`);
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

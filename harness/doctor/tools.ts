import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Check } from './check.ts';

/** Programs by name: Debian package, and what livemig uses it for. */
const tools: readonly { name: string; debianPackage: string; purpose: string }[] = [
  { name: 'ip', debianPackage: 'iproute2', purpose: 'hosts and links' },
  { name: 'tc', debianPackage: 'iproute2', purpose: 'rates, netem' },
  { name: 'iptables', debianPackage: 'iptables', purpose: 'the nfqueue link backend' },
  { name: 'ethtool', debianPackage: 'ethtool', purpose: 'links with loss' },
  { name: 'iperf3', debianPackage: 'iperf3', purpose: 'benchmarks (npm run bench)' },
  { name: 'docker', debianPackage: 'docker.io', purpose: 'the docker driver and its engine' },
  {
    name: 'debootstrap',
    debianPackage: 'debootstrap',
    purpose: 'building the host image without a registry',
  },
];

/** Directories that an ordinary user's PATH may lack. */
const sbin = ['/usr/sbin', '/sbin', '/usr/local/sbin'];

const findProgram = async (name: string): Promise<string | undefined> => {
  for (const directory of [...(process.env['PATH'] ?? '').split(delimiter), ...sbin]) {
    const path = join(directory, name);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
};

export const toolChecks = async (): Promise<Check[]> =>
  Promise.all(
    tools.map(async ({ name, debianPackage, purpose }): Promise<Check> => {
      const path = await findProgram(name);
      return {
        name,
        group: 'tool',
        ok: path !== undefined,
        found: path ?? 'not found',
        remedy: path === undefined ? `for ${purpose}: apt-get install ${debianPackage}` : '',
      };
    }),
  );

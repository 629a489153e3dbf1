import { execFile } from 'node:child_process';
import { availableParallelism, cpus, freemem, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { gibibyte } from '#proto/units';
import { formatBytes } from '../format.ts';
import { openFilesMax, openFilesProblem } from '../testbed/open-files.ts';
import type { Check } from './check.ts';

const run = promisify(execFile);
const nodeMajor = 24;
/** Shared by two hypervisors, a router, an observer and the harness. */
const coresForFullRate = 2;
/** The default guest of 1 GiB exists at the source and at the destination, plus the agents' own memory. */
const memoryForDefaultGuest = 3 * gibibyte;

const nodeCheck = (): Check => {
  const isRight = Number(process.versions.node.split('.')[0]) >= nodeMajor;
  return {
    name: 'node',
    group: 'machine',
    ok: isRight,
    found: process.version,
    remedy: isRight
      ? ''
      : `\`npm ci\` installs Node ${nodeMajor}; start livemig with \`npx livemig\` or \`npm start\``,
  };
};

const kernelCheck = (): Check => ({
  name: 'kernel',
  group: 'machine',
  ok: process.platform === 'linux',
  found: `${process.platform} ${release()}`,
  remedy:
    process.platform === 'linux' ? '' : 'hosts are Linux namespaces or containers: run livemig in a Linux VM',
});

const userCheck = async (): Promise<Check> => {
  const isRoot = process.getuid?.() === 0;
  const canUnshare = await run('unshare', ['--user', '--map-root-user', '--net', 'true']).then(
    () => true,
    () => false,
  );
  const namespaces = canUnshare ? 'user namespaces work' : 'no user namespaces';
  return {
    name: 'user',
    group: 'machine',
    ok: isRoot || canUnshare,
    found: `${isRoot ? 'root' : 'ordinary user'}, ${namespaces}`,
    remedy:
      isRoot || canUnshare
        ? ''
        : 'run as root, or allow user namespaces (sysctl -w kernel.unprivileged_userns_clone=1 or ' +
          'kernel.apparmor_restrict_unprivileged_userns=0), or use a Docker engine',
  };
};

const coresCheck = (): Check => {
  const cores = availableParallelism();
  return {
    name: 'cores',
    group: 'machine',
    ok: cores >= coresForFullRate,
    found: `${cores} (${cpus()[0]?.model ?? 'unknown model'})`,
    remedy:
      cores >= coresForFullRate
        ? ''
        : `10 Gb/s needs ${coresForFullRate} or more; 1 Gb/s profiles work with fewer`,
  };
};

const memoryCheck = (): Check => {
  const isEnough = freemem() >= memoryForDefaultGuest;
  return {
    name: 'memory',
    group: 'machine',
    ok: isEnough,
    found: `${formatBytes(freemem())} free of ${formatBytes(totalmem())}`,
    remedy: isEnough
      ? ''
      : `the default guest of 1 GiB needs ${formatBytes(memoryForDefaultGuest)}; use a smaller one (--guest 256MiB)`,
  };
};

const openFilesCheck = (): Check => {
  const problem = openFilesProblem();
  return {
    name: 'open files',
    group: 'machine',
    ok: problem === null,
    found: String(openFilesMax() ?? 'unknown'),
    remedy: problem ?? '',
  };
};

export const machineChecks = async (): Promise<Check[]> => [
  nodeCheck(),
  kernelCheck(),
  await userCheck(),
  coresCheck(),
  memoryCheck(),
  openFilesCheck(),
];

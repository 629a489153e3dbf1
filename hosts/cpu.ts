import { readFileSync } from 'node:fs';
import type { CpuUsage } from '#proto/control';
import { LivemigError } from '#proto/errors';

let guestThreadsS: () => number = () => 0;

/** The hypervisor tells where the vCPU threads' CPU time can be read. */
export const setGuestCpuSource = (read: () => number): void => {
  guestThreadsS = read;
};

/** USER_HZ, in which Linux tells these times to programs on every architecture that Node runs on. */
const ticksPerS = 100;

/**
 * Times of all CPUs since the machine started, of the first line of /proc/stat (proc_stat(5)): user, nice, system, idle,
 * iowait, irq, softirq, steal. A CPU that waits for a disk has nothing to do; one that was taken away is not idle.
 * @throws LivemigError INTERNAL when the kernel says something else.
 */
export const machineTimes = (stat: string): Pick<CpuUsage, 'machineTotalS' | 'machineIdleS'> => {
  const [name, ...ticks] = (stat.split('\n', 1)[0] ?? '').trim().split(/\s+/);
  const times = ticks.slice(0, 8).map(Number);
  if (name !== 'cpu' || times.length < 8 || times.some((time) => !(time >= 0)))
    throw new LivemigError(
      'INTERNAL',
      `expected \`cpu\` and eight times in the first line of /proc/stat, got ${JSON.stringify(stat.slice(0, 100))}`,
    );
  const [, , , idle = 0, iowait = 0] = times;
  return {
    machineTotalS: times.reduce((sum, time) => sum + time) / ticksPerS,
    machineIdleS: (idle + iowait) / ticksPerS,
  };
};

export const cpuUsage = (): CpuUsage => {
  const { user, system } = process.cpuUsage();
  return {
    totalS: (user + system) / 1e6,
    guestS: guestThreadsS(),
    rssBytes: process.memoryUsage.rss(),
    ...machineTimes(readFileSync('/proc/stat', 'latin1')),
  };
};

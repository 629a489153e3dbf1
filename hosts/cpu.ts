import type { CpuUsage } from '../proto/control.ts';

let guestThreadsS: () => number = () => 0;

/** The hypervisor tells where the vCPU threads' CPU time can be read. */
export const setGuestCpuSource = (read: () => number): void => {
  guestThreadsS = read;
};

export const cpuUsage = (): CpuUsage => {
  const { user, system } = process.cpuUsage();
  return { totalS: (user + system) / 1e6, guestS: guestThreadsS(), rssBytes: process.memoryUsage.rss() };
};

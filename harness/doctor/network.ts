import { readFile } from 'node:fs/promises';
import { gibibyte } from '#proto/units';
import { formatBytes } from '../format.ts';
import type { Check } from './check.ts';

const sysctl = async (name: string): Promise<string | undefined> =>
  (await readFile(`/proc/sys/net/ipv4/${name}`, 'utf8').catch(() => undefined))?.trim();

export const congestionControl = 'cubic';

const congestionCheck = async (): Promise<Check> => {
  const available = await sysctl('tcp_available_congestion_control');
  const ok = available?.split(/\s+/).includes(congestionControl) ?? false;
  return {
    name: 'congestion control',
    group: 'network',
    ok,
    found: available ?? 'unreadable',
    remedy: ok
      ? ''
      : `scenarios use ${congestionControl}: modprobe tcp_${congestionControl}, or --congestion-control`,
  };
};

/** Two bandwidth-delay products of 10 Gb/s × 52.5 ms at the sender and two at the receiver, doubled. */
export const tcpMemoryWanted = gibibyte / 2;
export const kernelPageBytes = 4096;

const tcpMemoryCheck = async (): Promise<Check> => {
  const pages = (await sysctl('tcp_mem'))?.split(/\s+/).map(Number)[2];
  const limitBytes = pages === undefined || Number.isNaN(pages) ? undefined : pages * kernelPageBytes;
  const ok = limitBytes !== undefined && limitBytes >= tcpMemoryWanted;
  return {
    name: 'tcp memory',
    group: 'network',
    ok,
    found:
      limitBytes === undefined ? 'net.ipv4.tcp_mem unreadable' : `${formatBytes(limitBytes)} for all sockets`,
    remedy: ok
      ? ''
      : `10 Gb/s over 52.5 ms needs ${formatBytes(tcpMemoryWanted)}: raise net.ipv4.tcp_mem as root (in pages)`,
  };
};

export const networkChecks = async (): Promise<Check[]> => [await congestionCheck(), await tcpMemoryCheck()];

import { readFile, writeFile } from 'node:fs/promises';
import { command } from '#hosts/command';
import { messageOf } from '#proto/errors';
import type { Check } from './check.ts';
import type { HostTool } from './host-tools.ts';
import { ensureHostTools } from './host-tools.ts';
import { congestionControl, kernelPageBytes, tcpMemoryWanted } from './network.ts';

/** What became of something that was missing. */
export interface Fixed {
  name: string;
  ok: boolean;
  /** What was done, or why it wasn't. */
  text: string;
}

const loadModule = async (module: string): Promise<string> => {
  await command(['modprobe', module], { code: 'UNSUPPORTED', timeoutMs: 30_000 });
  return `loaded kernel module ${module}`;
};

const tcpMem = '/proc/sys/net/ipv4/tcp_mem';

const raiseTcpMemory = async (): Promise<string> => {
  const wantedPages = Math.ceil(tcpMemoryWanted / kernelPageBytes);
  const pages = (await readFile(tcpMem, 'utf8')).trim().split(/\s+/).map(Number);
  const raised = pages.map((value, index) => (index === 2 ? Math.max(value, wantedPages) : value)).join(' ');
  await writeFile(tcpMem, raised);
  return `net.ipv4.tcp_mem is ${raised}, until the next boot`;
};

/** What a run needs; whoever wants benchmarks or an engine chooses that. */
const toolsOfRuns: readonly HostTool[] = ['ip', 'tc', 'iptables', 'ethtool'];

const settings: Readonly<Record<string, () => Promise<string>>> = {
  'tcp memory': raiseTcpMemory,
  'congestion control': () => loadModule(`tcp_${congestionControl}`),
  netem: () => loadModule('sch_netem'),
};

const installTools = async (): Promise<Fixed[]> => {
  const done: string[] = [];
  const { missing, reason } = await ensureHostTools(toolsOfRuns, (line) => done.push(line));
  const installed = done.length === 0 ? [] : [{ name: 'tools', ok: missing.length === 0, text: done.join('; ') }];
  return missing.length === 0 ? installed : [{ name: 'tools', ok: false, text: reason }];
}; // prettier-ignore

/**
 * Does what can be done about what is missing: installs the tools of runs (as root on Debian, unless
 * LIVEMIG_INSTALL=none), loads kernel modules, raises TCP's memory. Never throws.
 */
export const fix = async (checks: readonly Check[]): Promise<Fixed[]> => {
  const lacks = (name: string): boolean => checks.some((check) => check.name === name && !check.ok);
  const fixed = toolsOfRuns.some(lacks) ? await installTools() : [];
  for (const [name, change] of Object.entries(settings)) {
    if (!lacks(name)) continue;
    fixed.push(
      await change().then(
        (text) => ({ name, ok: true, text }),
        (error: unknown) => ({ name, ok: false, text: messageOf(error) }),
      ),
    );
  }
  return fixed;
};

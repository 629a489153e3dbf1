import type { AgentRole } from '#proto/control';
import type { TestbedOptions } from '../testbed.ts';

/** Without these a testbed is not one. */
const required = (role: AgentRole, options: TestbedOptions): Record<string, string> => ({
  'net.ipv4.tcp_rmem': `4096 131072 ${String(options.tcpBufferMaxBytes)}`,
  'net.ipv4.tcp_wmem': `4096 131072 ${String(options.tcpBufferMaxBytes)}`,
  ...(role === 'wan' ? { 'net.ipv4.ip_forward': '1' } : {}),
});

/** Runs without these are sound but less alike; older kernels don't have all of them per network namespace. */
const wanted: Record<string, string> = {
  'net.ipv4.tcp_slow_start_after_idle': '0',
  'net.ipv4.tcp_no_metrics_save': '1',
  'net.ipv4.conf.all.send_redirects': '0',
  // Loose: the kernel takes the larger of `all` and the interface's own, so this overrides strict (1), which would
  // drop the guest's packets in the moment when its route moves; 0 would not.
  'net.ipv4.conf.all.rp_filter': '2',
};

export const sysctlsOf = (
  role: AgentRole,
  options: TestbedOptions,
  refused: ReadonlySet<string>,
): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(wanted).filter(([name]) => !refused.has(name))),
  ...required(role, options),
});

/** Which of the dispensable sysctls an engine's error message complains about, if any. */
export const refusedSysctl = (message: string): string | undefined =>
  Object.keys(wanted).find((name) => message.includes(name) || message.includes(name.replaceAll('.', '/')));

import type Docker from 'dockerode';
import { LivemigError, messageOf } from '#proto/errors';
import type { CpuLimit, CpuUsed } from '../testbed.ts';

const nano = 1e9;

/** A container's quota of CPU time: its control group is the engine's. @throws LivemigError UNSUPPORTED */
export const limitContainer = async (container: Docker.Container, cpus: number): Promise<CpuLimit> => {
  try {
    await container.update({ NanoCpus: Math.round(cpus * nano) });
  } catch (cause) {
    throw new LivemigError('UNSUPPORTED', `hosts.cpus: the engine gives no quota: ${messageOf(cause)}`, {
      cause,
    });
  }
  const read = async (): Promise<CpuUsed> => {
    const statistics = await container.stats({ stream: false, 'one-shot': true });
    const { cpu_usage: usage, throttling_data: throttling } = statistics.cpu_stats;
    return { usedMs: usage.total_usage / 1e6, throttledMs: throttling.throttled_time / 1e6 };
  };
  // Containers aren't kept: their quota ends with them.
  return { read, lift: () => Promise.resolve() };
};

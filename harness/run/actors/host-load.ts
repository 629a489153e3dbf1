import { LivemigError } from '#proto/errors';
import type { HostLoadEvidence, HostReading } from '#harness/measure/host-load';
import type { CpuLimit } from '../../testbed/testbed.ts';
import type { RunActor } from '../actor.ts';
import type { Run } from '../context.ts';
import { pass } from '../migration.ts';

const hosts = ['source', 'destination'] as const;
type Host = (typeof hosts)[number];

/** Until processes that have just started, and quotas that have just changed, are in their stride. */
const settleMs = 300;
/** Starting processes on a host that has a small quota. */
const startMs = 30_000;

/** What is read of a host at one moment: its control group's time, and of that the agent's own. */
const readingOf = async (run: Run, host: Host, limit: CpuLimit): Promise<HostReading> => {
  const [group, agent] = await Promise.all([limit.read(), run.clients[host].call('cpu', {})]);
  return { atMs: run.clock.nowMs(), ...group, agentMs: agent.totalS * 1000 };
};

/**
 * The hosts' quota of CPU time and the load on them, from before the warm-up until after the migration; and, as an actor
 * of its own, the reading of their counters where the warm-up ends and where the migration does.
 */
export const hostLoad = () => {
  const limits = new Map<Host, CpuLimit>();
  const burning = new Set<Host>();
  const readings = new Map<Host, HostReading[]>();

  const readAll = async (run: Run): Promise<void> => {
    await Promise.all(
      [...limits].map(async ([host, limit]) => {
        readings.set(host, [...(readings.get(host) ?? []), await readingOf(run, host, limit)]);
      }),
    );
  };

  const load = {
    from: 'warm-up',
    until: 'collect',
    takesMs: ({ scenario }) => (scenario.hosts === undefined ? 0 : startMs + settleMs),
    start: async (run) => {
      const { hosts: quota, hostLoad: wanted } = run.scenario;
      if (quota === undefined) return;
      const { cpus } = quota;
      const { testbed } = run;
      if (testbed.limitCpus === undefined)
        throw new LivemigError(
          'UNSUPPORTED',
          `hosts.cpus: driver ${testbed.driver} can't give its hosts a quota of CPU time: take driver netns as root, or docker`,
        );
      for (const host of hosts) limits.set(host, await testbed.limitCpus(host, cpus));
      for (const host of wanted?.at ?? []) {
        const { share = 0, nice = 0 } = wanted ?? {};
        const count = Math.ceil(cpus * share);
        burning.add(host);
        await run.clients[host].call(
          'startBurners',
          { count, share: (cpus * share) / count, nice },
          { timeoutMs: startMs },
        );
      }
      await pass(run, settleMs);
      await readAll(run);
    },
    stop: async (run) => {
      const problems: unknown[] = [];
      for (const host of [...burning])
        try {
          burning.delete(host);
          await run.clients[host].call('stopBurners', {});
        } catch (error) {
          problems.push(error);
        }
      for (const [host, limit] of [...limits])
        try {
          limits.delete(host);
          await limit.lift();
        } catch (error) {
          problems.push(error);
        }
      if (problems.length > 0) throw problems[0] as Error;
    },
    collect: async ({ scenario }): Promise<HostLoadEvidence | null> => {
      const { hosts: quota, hostLoad: wanted } = scenario;
      const [source, destination] = [readings.get('source'), readings.get('destination')];
      if (quota === undefined || source === undefined || destination === undefined) return null;
      return { cpus: quota.cpus, load: wanted ?? null, readings: { source, destination } };
    },
  } satisfies RunActor<HostLoadEvidence | null>;

  const meter = { from: 'migrate', until: 'migrate', start: readAll, stop: readAll } satisfies RunActor;
  return { load, meter };
};

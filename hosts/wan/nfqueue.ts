/**
 * Backend `nfqueue`, for kernels without sch_netem: the kernel's TBF for the rate; delay, jitter and loss by holding
 * packets in NFQUEUE from a worker thread. As real as netem for the TCP that crosses it: the packets wait in the
 * kernel, whole, after they have left the sender's host.
 */
import { LivemigError } from '#proto/errors';
import type { AppliedLink, DirectionCounters, LinkCounters, LinkDirection, LinkProfile } from '#proto/link';
import type { HowToApply, LinkBackend, RouterInterfaces, Support } from './backend.ts';
import { DelayWorker } from './delay-worker.ts';
import { probeRulesScript, queueAlso, queueForwarded, unqueueForwarded } from './iptables.ts';
import { bottlenecksOf, createReturnPath, removeReturnPath } from './return-path.ts';
import { correctedDelayMs } from './sizing.ts';
import {
  describeQdiscs,
  expectApplied,
  showQdiscs,
  statisticsOf,
  tbfArguments,
  tbfMismatches,
  tc,
} from './tc.ts';
import type { Qdisc } from './tc.ts';
import { probeScript } from './throwaway.ts';

/**
 * Directions that have anything to hold back. One without delay, jitter or loss is not queued at all: NFQUEUE's own 0.3
 * ms would exceed a LAN's delay.
 */
const directionsToQueue = (profile: LinkProfile, delayCorrectionMs: number): [boolean, boolean] => {
  const needsQueue = (direction: LinkDirection): boolean =>
    correctedDelayMs(direction, delayCorrectionMs) > 0 || direction.jitterMs > 0 || direction.lossPercent > 0;
  return [needsQueue(profile.sourceToDestination), needsQueue(profile.destinationToSource)];
};

const rootTbfOf = (qdiscs: readonly Qdisc[]): Qdisc | undefined =>
  qdiscs.find(({ root, kind }) => root === true && kind === 'tbf');

export const createNfqueueBackend = (): LinkBackend => {
  let worker: DelayWorker | undefined;
  let device: string | undefined;

  const shape = async (on: string, direction: LinkDirection, correctionMs: number): Promise<string> => {
    await tc('qdisc', 'replace', 'dev', on, 'root', 'handle', '1:', ...tbfArguments(direction));
    expectApplied(
      on,
      tbfMismatches(
        (await showQdiscs(on)).find(({ root }) => root),
        direction,
      ),
    );
    const { jitterMs, lossPercent } = direction;
    const heldMs = correctedDelayMs(direction, correctionMs);
    return `${await describeQdiscs(on)}; nfqueue holds ${heldMs.toFixed(3)}ms jitter ${String(jitterMs)}ms loss ${String(lossPercent)}%`;
  };

  const countersOf = async (on: string, index: number, delay: DelayWorker): Promise<DirectionCounters> => {
    const { bytes, packets, drops } = statisticsOf(on, rootTbfOf(await showQdiscs(on)));
    const { lost, escaped } = delay.statistics(index);
    if (escaped > 0)
      throw new LivemigError(
        'LINK_NOT_APPLIED',
        `${String(escaped)} packets overran NFQUEUE and passed without delay; use a slower link or a less busy machine`,
      );
    return { bytes, packets, dropped: drops + lost };
  };

  const remove = async (): Promise<void> => {
    await unqueueForwarded();
    await worker?.stop();
    worker = undefined;
    if (device === undefined) return;
    await removeReturnPath(device);
    await tc('qdisc', 'del', 'dev', device, 'root').catch(() => undefined);
    device = undefined;
  };

  const apply = async (
    profile: LinkProfile,
    interfaces: RouterInterfaces,
    { delayCorrectionMs, isLive = false }: HowToApply,
  ): Promise<AppliedLink> => {
    device = interfaces.towardsDestination;
    const returning = await createReturnPath(device);
    if (worker === undefined) {
      worker = new DelayWorker();
      await worker.started();
    }
    const directions = [profile.sourceToDestination, profile.destinationToSource];
    await worker.configure(
      directions.map((direction) => ({
        delayMs: correctedDelayMs(direction, delayCorrectionMs),
        jitterMs: direction.jitterMs,
        lossFraction: direction.lossPercent / 100,
      })),
    );
    const queued = directionsToQueue(profile, delayCorrectionMs);
    if (isLive) await queueAlso(device, queued);
    else await queueForwarded(device, queued);
    const [sourceToDestination, destinationToSource] = await Promise.all([
      shape(device, profile.sourceToDestination, delayCorrectionMs),
      shape(returning, profile.destinationToSource, delayCorrectionMs),
    ]);
    return {
      backend: 'nfqueue',
      profile: profile.name,
      readBack: { sourceToDestination, destinationToSource },
    };
  };

  return {
    name: 'nfqueue',
    probe: probeNfqueue,
    apply: async (profile, interfaces, how) => {
      try {
        return await apply(profile, interfaces, how);
      } catch (error) {
        await remove().catch(() => undefined);
        throw error;
      }
    },
    counters: async (): Promise<LinkCounters> => {
      if (worker === undefined || device === undefined)
        throw new LivemigError(
          'LINK_NOT_APPLIED',
          'no link has been applied, so that there is nothing to count',
        );
      worker.assertAlive();
      const returning = await createReturnPath(device);
      return {
        sourceToDestination: await countersOf(device, 0, worker),
        destinationToSource: await countersOf(returning, 1, worker),
      };
    },
    bottlenecks: () => bottlenecksOf(device),
    remove,
  };
};

const probeNfqueue = (): Promise<Support> =>
  probeScript(
    'ip link add lmprobe0 type ifb; trap "ip link del lmprobe0" EXIT; ip link set lmprobe0 up; ' +
      'tc qdisc replace dev lmprobe0 root tbf rate 1gbit burst 500000 limit 1000000; tc qdisc add dev lmprobe0 ingress; ' +
      probeRulesScript('lmprobe0'),
    [
      [/ip: not found|tc: not found|\bip\b.*ENOENT/, 'install iproute2: apt-get install iproute2'],
      [/iptables\S*: not found/, 'install iptables: apt-get install iptables'],
      [/Operation not permitted|EPERM/, 'needs root or CAP_NET_ADMIN'],
      [/Unknown device type/, 'this kernel has no IFB device (CONFIG_IFB; modprobe ifb)'],
    ],
  );

/**
 * Backend `nfqueue`, for kernels without sch_netem: the kernel's TBF for the rate; for delay and what comes by chance, a
 * worker thread holds packets in NFQUEUE. As real as netem for the TCP that crosses it: the packets wait in the
 * kernel, whole, after they have left the sender's host.
 */
import { LivemigError } from '#proto/errors';
import type { AppliedLink, DirectionCounters, LinkCounters, LinkDirection, LinkProfile } from '#proto/link';
import type { HowToApply, LinkBackend, RouterInterfaces, Support } from './backend.ts';
import { impairmentSettingsOf } from './delay-line.ts';
import { DelayWorker } from './delay-worker.ts';
import { impairmentsOf } from './impairments.ts';
import { probeRulesScript, queueAlso, queueForwarded, unqueueForwarded } from './iptables.ts';
import { closeDescriptor, openRaw } from './libc.ts';
import { impairmentArguments } from './netem-stages.ts';
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
 * Directions that have anything to hold back. One without delay and with nothing left to chance is not queued at all: NFQUEUE's own 0.3
 * ms would exceed a LAN's delay.
 */
const directionsToQueue = (profile: LinkProfile, delayCorrectionMs: number): [boolean, boolean] => {
  const needsQueue = (direction: LinkDirection): boolean =>
    correctedDelayMs(direction, delayCorrectionMs) > 0 ||
    impairmentsOf(impairmentSettingsOf(direction), () => 0) !== null;
  return [needsQueue(profile.sourceToDestination), needsQueue(profile.destinationToSource)];
};

/** @throws LivemigError UNSUPPORTED where copies of packets can't be sent. */
const demandRawSockets = ({ name, sourceToDestination, destinationToSource }: LinkProfile): void => {
  if ([sourceToDestination, destinationToSource].every(({ duplicatePercent = 0 }) => duplicatePercent === 0))
    return;
  try {
    closeDescriptor(openRaw());
  } catch (cause) {
    throw new LivemigError(
      'UNSUPPORTED',
      `nfqueue: duplicatePercent of ${name}: the router may not open raw sockets, by which copies are sent; ` +
        'give it CAP_NET_RAW, take backend netem, or leave duplicatePercent out',
      { cause },
    );
  }
};

const rootTbfOf = (qdiscs: readonly Qdisc[]): Qdisc | undefined =>
  qdiscs.find(({ root, kind }) => root === true && kind === 'tbf');

export const createNfqueueBackend = (): LinkBackend => {
  let worker: DelayWorker | undefined;
  let device: string | undefined;

  const shape = async (
    on: string,
    direction: LinkDirection,
    correctionMs: number,
    isLive: boolean,
  ): Promise<string> => {
    await tc('qdisc', 'replace', 'dev', on, 'root', 'handle', '1:', ...tbfArguments(direction, isLive));
    expectApplied(
      on,
      tbfMismatches(
        (await showQdiscs(on)).find(({ root }) => root),
        direction,
        isLive,
      ),
    );
    const held = { ...direction, delayMs: correctedDelayMs(direction, correctionMs) };
    // As tc would print it of a netem.
    return `${await describeQdiscs(on)}; nfqueue ${impairmentArguments(held).join(' ')}`;
  };

  const countersOf = async (on: string, index: number, delay: DelayWorker): Promise<DirectionCounters> => {
    const { bytes, packets, drops } = statisticsOf(on, rootTbfOf(await showQdiscs(on)));
    const { lost, escaped, unsent } = delay.statistics(index);
    if (escaped > 0)
      throw new LivemigError(
        'LINK_NOT_APPLIED',
        `${String(escaped)} packets overran NFQUEUE and passed without delay; use a slower link or a less busy machine`,
      );
    if (unsent > 0)
      throw new LivemigError(
        'LINK_NOT_APPLIED',
        `${String(unsent)} copies of duplicated packets weren't sent; lower duplicatePercent or the rate`,
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
    { delayCorrectionMs, seed, isLive = false }: HowToApply,
  ): Promise<AppliedLink> => {
    demandRawSockets(profile);
    device = interfaces.towardsDestination;
    const returning = await createReturnPath(device);
    if (worker === undefined) {
      worker = new DelayWorker();
      await worker.started();
    }
    const directions = [profile.sourceToDestination, profile.destinationToSource];
    await worker.configure(
      directions.map((direction, index) => ({
        ...impairmentSettingsOf(direction),
        delayMs: correctedDelayMs(direction, delayCorrectionMs),
        seed: directions.length * seed + index,
      })),
    );
    const queued = directionsToQueue(profile, delayCorrectionMs);
    if (isLive) await queueAlso(device, queued);
    else await queueForwarded(device, queued);
    const [sourceToDestination, destinationToSource] = await Promise.all([
      shape(device, profile.sourceToDestination, delayCorrectionMs, isLive),
      shape(returning, profile.destinationToSource, delayCorrectionMs, isLive),
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

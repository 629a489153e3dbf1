/**
 * Backend `netem`: per direction the delay stage (netem) and under it the bottleneck stage (tbf), each with a queue of
 * its own, so that packets in flight don't fill the bottleneck's buffer. With loss a splitting stage goes before.
 */
import { LivemigError } from '#proto/errors';
import type { DirectionCounters, LinkDirection } from '#proto/link';
import type { HowToApply, LinkBackend } from './backend.ts';
import {
  forbidsTable,
  netemArguments,
  netemMismatches,
  setsTable,
  splitterArguments,
  stagesOf,
} from './netem-stages.ts';
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
import { probeScript } from './throwaway.ts';

const shape = async (
  device: string,
  direction: LinkDirection,
  hasTable: boolean,
  how: HowToApply,
): Promise<string> => {
  const root = (await showQdiscs(device)).find((qdisc) => qdisc.root);
  const isThere = root !== undefined && root.handle !== '0:';
  const isLive = how.isLive === true && isThere;
  // Stages that are there for what hits packets stay, also without it.
  const stages = stagesOf(direction, how.mayHitPackets === true || (isLive && root.kind === 'tbf'));
  // A different arrangement of stages can't be changed in place.
  if (isThere && (root.kind !== stages.rootKind || (hasTable && forbidsTable(direction)))) {
    if (isLive)
      throw new LivemigError(
        'LINK_NOT_APPLIED',
        root.kind !== stages.rootKind
          ? `${device}: expected stages for what hits packets, which a link in use can't be given: apply it with mayHitPackets before`
          : `${device}: a link in use can't give up the table of its jitter's distribution`,
      );
    await tc('qdisc', 'del', 'dev', device, 'root');
  }
  const replace = (...args: string[]): Promise<string> => tc('qdisc', 'replace', 'dev', device, ...args);
  if (stages.splitter !== null) await replace(...stages.splitter, ...splitterArguments(direction));
  // netem keeps from an earlier setting what isn't named, so everything is.
  await replace(...stages.delay, ...netemArguments(direction));
  await replace(...stages.bottleneck, ...tbfArguments(direction, isLive));
  const qdiscs = await showQdiscs(device);
  const at = (handle: string) => qdiscs.find((qdisc) => qdisc.handle === handle);
  expectApplied(device, [
    ...netemMismatches(at(stages.delayHandle), direction),
    ...tbfMismatches(at(stages.bottleneckHandle), direction, isLive),
  ]);
  return describeQdiscs(device);
};

const countersOf = async (device: string): Promise<DirectionCounters> => {
  const qdiscs = await showQdiscs(device);
  const stage = (kind: 'netem' | 'tbf') => qdiscs.findLast((qdisc) => qdisc.kind === kind);
  const delay = statisticsOf(device, stage('netem'));
  const { bytes, packets, drops } = statisticsOf(device, stage('tbf'));
  return { bytes, packets, dropped: drops + delay.drops };
};

export const createNetemBackend = (): LinkBackend => {
  let device: string | undefined;
  /** Devices whose netem may have a table of deviates. */
  const tabled = new Set<string>();
  const reshape = async (on: string, direction: LinkDirection, how: HowToApply): Promise<string> => {
    const told = await shape(on, direction, tabled.has(on), how);
    if (setsTable(direction)) tabled.add(on);
    else if (forbidsTable(direction)) tabled.delete(on);
    return told;
  };

  const remove = async (): Promise<void> => {
    if (device === undefined) return;
    tabled.clear();
    await removeReturnPath(device);
    await tc('qdisc', 'del', 'dev', device, 'root').catch(() => undefined);
    device = undefined;
  };

  return {
    name: 'netem',
    probe: () =>
      probeScript(
        'ip link add lmprobe1 type ifb; trap "ip link del lmprobe1" EXIT; ip link set lmprobe1 up; ' +
          'tc qdisc replace dev lmprobe1 root handle 1: netem delay 5ms 1ms distribution normal rate 1gbit limit 2000 loss random 1%; ' +
          'tc qdisc replace dev lmprobe1 parent 1:1 handle 2: tbf rate 1gbit burst 500000 limit 1000000; ' +
          'tc qdisc add dev lmprobe1 ingress',
        [
          [/ip: not found|tc: not found|\bip\b.*ENOENT/, 'install iproute2: apt-get install iproute2'],
          [/Operation not permitted|EPERM/, 'needs root or CAP_NET_ADMIN'],
          [/Unknown device type/, 'this kernel has no IFB device (CONFIG_IFB; modprobe ifb)'],
          [
            /qdisc kind is unknown|Specified qdisc/,
            'this kernel has no sch_netem (modprobe sch_netem; Debian: linux-image, Ubuntu: linux-modules-extra)',
          ],
        ],
      ),
    apply: async (profile, interfaces, how) => {
      const corrected = (direction: LinkDirection): LinkDirection => ({
        ...direction,
        delayMs: correctedDelayMs(direction, how.delayCorrectionMs),
      });
      device = interfaces.towardsDestination;
      try {
        const returning = await createReturnPath(device);
        const sourceToDestination = await reshape(device, corrected(profile.sourceToDestination), how);
        const destinationToSource = await reshape(returning, corrected(profile.destinationToSource), how);
        return {
          backend: 'netem',
          profile: profile.name,
          readBack: { sourceToDestination, destinationToSource },
        };
      } catch (error) {
        await remove();
        throw error;
      }
    },
    counters: async () => {
      if (device === undefined)
        throw new LivemigError(
          'LINK_NOT_APPLIED',
          'no link has been applied, so that there is nothing to count',
        );
      return {
        sourceToDestination: await countersOf(device),
        destinationToSource: await countersOf(await createReturnPath(device)),
      };
    },
    bottlenecks: () => bottlenecksOf(device),
    remove,
  };
};

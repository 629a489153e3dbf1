/** Applying a link and finding out what it really is, before anything is measured over it. */
import type { RttProbeResult } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { AppliedLink, BackendName, LinkProfile } from '#proto/link';
import { backendNames, rttMsOf } from '#proto/link';
import type { Clock } from '../clock.ts';
import { machineClock } from '../clock.ts';
import type { AgentPort } from '../agent-port.ts';
import type { ProbeOptions } from './probe-link.ts';
import type { PacketTrain } from './packet-train.ts';
import { trainReasons } from './packet-train.ts';
import { measureRtt, measureThroughput, measureTrain } from './probe-link.ts';
import {
  calmProfileOf,
  expectedGoodputMbps,
  nextCorrectionMs,
  rttReasons,
  spreadReasons,
} from './tolerance.ts';

export interface CalibrateOptions extends ProbeOptions {
  backend: BackendName | 'auto';
  /** Of what the router draws itself. */
  seed?: number;
  /** By which its duration is told. */
  clock?: Clock;
  /** Negative control: set this link instead, and see whether it is refused. */
  applyInstead?: LinkProfile;
  /** Packets may be lost, doubled or reordered later, in use. */
  mayHitPackets?: boolean;
}

/** What was found; stored with the result. */
export interface Calibration {
  /** Within tolerance. Otherwise `reasons` says what isn't, and a run over the link is `invalid`. */
  ok: boolean;
  reasons: string[];
  backend: BackendName;
  applied: AppliedLink;
  targetRttMs: number;
  /** Median over the corrected link. */
  rttMs: number;
  rtt: RttProbeResult;
  /** Of a link that loses, duplicates or reorders packets: what became of a train of probes. */
  packets?: PacketTrain;
  /** Median before the correction. */
  uncorrectedRttMs: number;
  /** Taken off each direction's delay: the backend's and the hosts' own constant latency. */
  delayCorrectionMs: number;
  /** Source to destination. */
  goodputMbps: number;
  reverseGoodputMbps: number;
  expectedGoodputMbps: number;
  /** goodputMbps / expectedGoodputMbps; below 0.97 the machine, not the link, is the limit (fast links only). */
  goodputRatio: number;
  /** The more of both directions. */
  throughputAttempts: number;
  /** Of a link with an MTU of its own: mean size of its packets to the destination meanwhile, on the wire. */
  packetBytes?: number;
  durationMs: number;
}

/** One correction does on a quiet machine; where the load changes meanwhile, so does the overhead. */
const maxCorrections = 6;

/** A machine that is busy elsewhere for seconds shifts the median of them all, on a link that is right. */
const maxJitterAttempts = 3;

/** Which backend `auto` means on this router: netem where it works, else nfqueue. */
export const chooseBackend = async (wan: AgentPort, wanted: BackendName | 'auto'): Promise<BackendName> => {
  const support = await wan.call('probeBackends', {});
  const order = wanted === 'auto' ? backendNames : [wanted];
  const chosen = order.find((name) =>
    support.some(({ backend, supported }) => backend === name && supported),
  );
  if (chosen !== undefined) return chosen;
  const why = support
    .filter(({ backend }) => order.includes(backend))
    .map(({ backend, reason }) => `${backend}: ${reason}`);
  throw new LivemigError('UNSUPPORTED', `no link backend works here. ${why.join('; ')}`);
};

/** A link as it was set, and its round trip. */
interface Probed {
  applied: AppliedLink;
  rtt: RttProbeResult;
}

/** Sets a link without jitter again and again, each time with what its round trip was too long by taken off its delay. */
const correctDelay = async (
  profile: LinkProfile,
  probe: () => Promise<RttProbeResult>,
  apply: (correctionMs: number) => Promise<AppliedLink>,
): Promise<Probed & { uncorrectedRttMs: number; delayCorrectionMs: number }> => {
  let delayCorrectionMs = 0;
  let applied = await apply(delayCorrectionMs);
  let rtt = await probe();
  const uncorrectedRttMs = rtt.medianMs;
  for (let round = 0; round < maxCorrections; round += 1) {
    const wanted = nextCorrectionMs(profile, delayCorrectionMs, rtt.medianMs);
    const isSettled = wanted === delayCorrectionMs;
    if (isSettled && rttReasons(profile, rtt.medianMs, rtt.samples).length === 0) break;
    if (!isSettled) applied = await apply(wanted);
    delayCorrectionMs = wanted;
    rtt = await probe();
  }
  return { applied, rtt, uncorrectedRttMs, delayCorrectionMs };
};

/**
 * Applies a link, takes the backend's constant overhead off its delay, and measures what came out. With jitter the
 * overhead is found without it, as fractions of a millisecond can't be seen through tens; then the jitter is switched on
 * and the round trip measured again.
 * @throws LivemigError LINK_NOT_APPLIED, UNSUPPORTED, AGENT_UNREACHABLE; a link out of tolerance is no error but `ok: false`
 */
export const calibrate = async (options: CalibrateOptions): Promise<Calibration> => {
  const { clients, topology, profile, seed = 0, clock = machineClock, mayHitPackets = false } = options;
  const startedAtMs = clock.nowMs();
  const backend = await chooseBackend(clients.wan, options.backend);
  const set = options.applyInstead ?? profile;
  const applying =
    (link: LinkProfile) =>
    (correctionMs: number): Promise<AppliedLink> =>
      clients.wan.call('applyLink', {
        profile: link,
        backend,
        seed,
        delayCorrectionMs: correctionMs,
        interfaces: topology.router,
        ...(mayHitPackets ? { mayHitPackets } : {}),
      });
  const calm = calmProfileOf(profile);
  const still = calm ?? profile;
  const corrected = await correctDelay(
    still,
    () => measureRtt({ ...options, profile: still }),
    applying(calm === null ? set : (calmProfileOf(set) ?? set)),
  );
  const { uncorrectedRttMs, delayCorrectionMs } = corrected;
  let { applied, rtt } = corrected;
  const reasons: string[] = [];
  if (calm !== null) {
    const asStill = rttReasons(still, rtt.medianMs, rtt.samples);
    reasons.push(...asStill.map((reason) => `before the jitter was switched on, ${reason}`));
    applied = await applying(set)(delayCorrectionMs);
  }
  const varying = (): string[] => [
    ...rttReasons(profile, rtt.medianMs, rtt.samples),
    ...spreadReasons(profile, rtt, corrected.rtt),
  ];
  if (calm !== null)
    for (let attempt = 1; attempt <= maxJitterAttempts; attempt += 1) {
      rtt = await measureRtt(options);
      if (varying().length === 0) break;
    }
  const packets = await measureTrain(options);
  const throughput = await measureThroughput(options);
  reasons.push(...varying(), ...(packets === null ? [] : trainReasons(packets)), ...throughput.reasons);
  const expectedMbps = expectedGoodputMbps(profile.sourceToDestination);
  return {
    ok: reasons.length === 0,
    reasons,
    backend,
    applied,
    targetRttMs: rttMsOf(profile),
    rttMs: rtt.medianMs,
    rtt,
    ...(packets === null ? {} : { packets }),
    uncorrectedRttMs,
    delayCorrectionMs,
    goodputMbps: throughput.goodputMbps,
    reverseGoodputMbps: throughput.reverseGoodputMbps,
    expectedGoodputMbps: expectedMbps,
    goodputRatio: throughput.goodputMbps / expectedMbps,
    throughputAttempts: throughput.throughputAttempts,
    ...(throughput.packetBytes === undefined ? {} : { packetBytes: throughput.packetBytes }),
    durationMs: clock.nowMs() - startedAtMs,
  };
};

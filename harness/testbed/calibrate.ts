/** Applying a link and finding out what it really is, before anything is measured over it. */
import type { RttProbeResult } from '../../proto/control.ts';
import { LivemigError } from '../../proto/errors.ts';
import type { AppliedLink, BackendName, LinkProfile } from '../../proto/link.ts';
import { backendNames, rttMsOf } from '../../proto/link.ts';
import { monotonicMs } from '../../proto/units.ts';
import type { AgentClient } from '../control-client.ts';
import type { ProbeOptions } from './probe-link.ts';
import { measureRtt, measureThroughput } from './probe-link.ts';
import { expectedGoodputMbps, nextCorrectionMs, rttReasons } from './tolerance.ts';

export interface CalibrateOptions extends ProbeOptions {
  clients: ProbeOptions['clients'] & { wan: AgentClient };
  backend: BackendName | 'auto';
  /** Negative control: set this link instead, and see whether it is refused. */
  applyInstead?: LinkProfile;
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
  durationMs: number;
}

/** One correction does on a quiet machine; where the load changes meanwhile, so does the overhead. */
const maxCorrections = 6;

/** Which backend `auto` means on this router: netem where it works, else nfqueue. */
export const chooseBackend = async (wan: AgentClient, wanted: BackendName | 'auto'): Promise<BackendName> => {
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

/**
 * Measures the link that is there, changing nothing, and compares it with a profile.
 * @throws LivemigError AGENT_UNREACHABLE, or what a probe says when nothing comes through
 */
export const verifyLink = async (options: ProbeOptions) => {
  const rtt = await measureRtt(options);
  const throughput = await measureThroughput(options);
  return {
    rtt,
    ...throughput,
    reasons: [...rttReasons(options.profile, rtt.medianMs), ...throughput.reasons],
  };
};

/**
 * Applies a link, takes the backend's constant overhead off its delay, and measures what came out.
 * @throws LivemigError LINK_NOT_APPLIED, UNSUPPORTED, AGENT_UNREACHABLE; a link out of tolerance is no error but `ok: false`
 */
export const calibrate = async (options: CalibrateOptions): Promise<Calibration> => {
  const startedAtMs = monotonicMs();
  const { clients, topology, profile } = options;
  const backend = await chooseBackend(clients.wan, options.backend);
  const apply = (correctionMs: number): Promise<AppliedLink> =>
    clients.wan.call('applyLink', {
      profile: options.applyInstead ?? profile,
      backend,
      delayCorrectionMs: correctionMs,
      interfaces: topology.router,
    });
  let delayCorrectionMs = 0;
  let applied = await apply(delayCorrectionMs);
  let rtt = await measureRtt(options);
  const uncorrectedRttMs = rtt.medianMs;
  for (let round = 0; round < maxCorrections; round += 1) {
    const wanted = nextCorrectionMs(profile, delayCorrectionMs, rtt.medianMs);
    const isSettled = wanted === delayCorrectionMs;
    if (isSettled && rttReasons(profile, rtt.medianMs).length === 0) break;
    if (!isSettled) applied = await apply(wanted);
    delayCorrectionMs = wanted;
    rtt = await measureRtt(options);
  }
  const throughput = await measureThroughput(options);
  const reasons = [...rttReasons(profile, rtt.medianMs), ...throughput.reasons];
  const expectedMbps = expectedGoodputMbps(profile.sourceToDestination);
  return {
    ok: reasons.length === 0,
    reasons,
    backend,
    applied,
    targetRttMs: rttMsOf(profile),
    rttMs: rtt.medianMs,
    rtt,
    uncorrectedRttMs,
    delayCorrectionMs,
    goodputMbps: throughput.goodputMbps,
    reverseGoodputMbps: throughput.reverseGoodputMbps,
    expectedGoodputMbps: expectedMbps,
    goodputRatio: throughput.goodputMbps / expectedMbps,
    throughputAttempts: throughput.throughputAttempts,
    durationMs: monotonicMs() - startedAtMs,
  };
};

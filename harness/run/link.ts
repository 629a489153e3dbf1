import { LivemigError } from '#proto/errors';
import type { LinkProfile } from '#proto/link';
import type { Clock } from '../clock.ts';
import type { LinkCalibration } from '../result/setting.ts';
import { calibrate, chooseBackend } from '../testbed/calibrate.ts';
import { confirmRtt } from '../testbed/confirm.ts';
import { measureThroughput } from '../testbed/probe-link.ts';
import type { Topology } from '../testbed/testbed.ts';
import type { Clients } from './clients.ts';
import type { RunPhase } from './events.ts';
import type { KnownLink, Loan } from './loan.ts';
import type { RunRecord } from './record.ts';

export interface ShapeOptions {
  clients: Clients;
  topology: Topology;
  clock: Clock;
  profile: LinkProfile;
  record: RunRecord;
  enter: (phase: RunPhase, detail?: string) => void;
  /** Negative control: this link is set, and must be refused. */
  applyInstead?: LinkProfile | undefined;
  /** Packets may be lost, doubled or reordered later. */
  mayHitPackets?: boolean;
}

const noted = (record: RunRecord, calibration: LinkCalibration, throughputAtMs: number): KnownLink => {
  record.link.backend = calibration.backend;
  record.link.readBack = calibration.applied.readBack;
  record.link.calibration = calibration;
  return { calibration, throughputAtMs };
};

/** Why nothing may be measured over a link. */
export const linkError = (profile: LinkProfile, { reasons }: LinkCalibration): LivemigError =>
  new LivemigError(
    'LINK_OUT_OF_TOLERANCE',
    `the link isn't what its profile ${profile.name} says: ${reasons.join('; ')}`,
  );

const measuredNow = (record: RunRecord, clock: Clock) => ({
  runId: record.runId,
  at: clock.timestamp(),
  ageMs: 0,
});

/**
 * Applies the link and finds out what it really is, within tolerance or not, for the record as well.
 * @throws LivemigError UNSUPPORTED, LINK_NOT_APPLIED
 */
export const shapeLink = async (options: ShapeOptions): Promise<KnownLink> => {
  const { clients, topology, clock, profile, record, enter, applyInstead, mayHitPackets = false } = options;
  enter('link', profile.name);
  const backend = await chooseBackend(clients.wan, record.scenario.backend);
  record.link.backend = backend;
  enter('calibrate', backend);
  const negativeControl = applyInstead === undefined ? {} : { applyInstead };
  const { seed } = record.scenario;
  const calibration = await calibrate({
    ...{ clients, topology, clock, profile, backend, seed, mayHitPackets },
    ...negativeControl,
  });
  return noted(record, { ...calibration, throughputMeasured: measuredNow(record, clock) }, clock.nowMs());
};

/**
 * The link of an earlier run, for the next one: its round trip is measured again, and its throughput where that is too
 * old. A link whose round trip has drifted, as the hosts' own latency does with the machine's load, is shaped anew.
 */
const confirmLink = async (
  options: ShapeOptions,
  known: KnownLink,
  throughputMaxAgeMs: number,
): Promise<KnownLink> => {
  const { record, enter, clock } = options;
  const startedAtMs = clock.nowMs();
  enter('calibrate', 'kept link');
  record.link.backend = known.calibration.backend;
  const rtt = await confirmRtt(options);
  if (rtt === null) return shapeLink(options);
  const again = {
    ...known.calibration,
    rtt,
    rttMs: rtt.medianMs,
    throughputMeasured: {
      ...known.calibration.throughputMeasured,
      ageMs: clock.nowMs() - known.throughputAtMs,
    },
  };
  if (again.throughputMeasured.ageMs <= throughputMaxAgeMs)
    return noted(record, { ...again, durationMs: clock.nowMs() - startedAtMs }, known.throughputAtMs);
  enter('calibrate', 'throughput');
  const { reasons, ...throughput } = await measureThroughput(options);
  const measured = {
    ...again,
    ...throughput,
    ok: reasons.length === 0,
    reasons,
    goodputRatio: throughput.goodputMbps / again.expectedGoodputMbps,
    throughputMeasured: measuredNow(record, clock),
    durationMs: clock.nowMs() - startedAtMs,
  };
  return noted(record, measured, clock.nowMs());
};

/**
 * The link of a run's testbed, calibrated: in full, or for one that an earlier run has calibrated only again what may
 * have changed.
 * @throws LivemigError LINK_OUT_OF_TOLERANCE with the calibration in the record, and what the two above throw
 */
export const calibrateLink = async (options: ShapeOptions, loan: Loan): Promise<LinkCalibration> => {
  const { known, throughputMaxAgeMs } = loan;
  const link = await (known === null ? shapeLink(options) : confirmLink(options, known, throughputMaxAgeMs));
  loan.calibrated(link);
  if (!link.calibration.ok) throw linkError(options.profile, link.calibration);
  return link.calibration;
};

import { jitterReachMs } from '#catalogue/jitter-distributions';
import { bandwidthDelayProductBytes, mebibyte, pageSizeBytes } from '#proto/units';
import { segmentPayloadBytesOf } from '#proto/frames';
import type { LinkDirection, LinkProfile } from '#proto/link';
import { lostInARow, mtuBytesOf, returningShareOf, roundTripLostAgainOf } from '#proto/link';
import type {
  CheckCondition,
  CrossCheck,
  Measurement,
  ServiceMeasurement,
  TrafficMeasurement,
} from '../result.ts';
import { drainMsOf, linksDuring, standingQueueMs } from './links.ts';
import type { LinkInForce } from './links.ts';
import { leastWireBytes } from './wire.ts';

/**
 * What thread scheduling may add on a machine with more busy threads than cores: the vCPU that notes the first
 * instruction, the network card's thread, the agent that announces the guest, the router that moves the route and the
 * observer each wait for a core, a few ms each time (two or three slices of the kernel's scheduler). Set before the
 * first measurement, for two cores that carry four agents and the guest.
 */
export const schedulingSlackMs = 25;

/** An observer that stood still longer than this, or an answer later than this, proves nothing. */
export const observerStallMaxMs = 100;

/** Of pages' least wire bytes: gRPC and HTTP/2 frames, page headers, short segments, retransmissions. */
const wireOverheadFraction = 0.03;
/** Below this, handshakes and barriers are more than the bound; nothing is checked. */
const wireCheckLeastBytes = 16 * mebibyte;
/** Page number and flags of a zero page, with room to spare. */
const zeroPageMessageBytes = 16;

export interface CrossCheckInput {
  measurement: Pick<
    Measurement,
    | 'downtimeMs'
    | 'downtime'
    | 'downtimeStartMs'
    | 'totalTimeMs'
    | 'observed'
    | 'ram'
    | 'disk'
    | 'encodedPages'
    | 'deviceStateBytes'
    | 'wire'
    | 'recoveries'
    | 'traffic'
    | 'hostLoad'
    | 'service'
  >;
  /** What the link was when, after the start of the migration; one throughout, unless a timeline changed it. */
  links: readonly LinkInForce[];
  /** The observer's pings, from one to the next. */
  pingIntervalMs: number;
  /** The most by which an entry of the timeline was begun late; null = there is none, or none was begun. */
  timelineLateMs: number | null;
}

const again = 'run it again (--retries 2)';

const conditionOf = (condition: Omit<CheckCondition, 'ok'>): CheckCondition => {
  const { got, expected } = condition;
  return { ...condition, ok: got !== null && got >= expected.low && got <= expected.high };
};

/** Agreement is that all of the conditions hold. */
const checkOf = (
  check: Pick<CrossCheck, 'name' | 'measured' | 'unit' | 'reason'> & { low: number; high: number },
  conditions: CheckCondition[],
): CrossCheck => ({
  ...check,
  verdict: conditions.every(({ ok }) => ok) ? 'agree' : 'disagree',
  conditions,
});

const fixed = (value: number, unit: CheckCondition['unit']): string =>
  value.toFixed(unit === 'of the quota' ? 2 : 1);

const conditionText = ({ what, got, expected: { low, high }, unit, remedy }: CheckCondition): string =>
  `${what} ${got === null ? "weren't measured" : `came to ${fixed(got, unit)} ${unit}`}, expected ` +
  `${low <= 0 ? 'at most' : `${fixed(low, unit)} to`} ${fixed(high, unit)} ${unit}: ${remedy}`;

/** What a check that disagrees stumbled over, and what to do: the conditions that don't hold, those that do left out. */
export const disagreementOf = ({ name, conditions }: CrossCheck): string =>
  `${name}: ${conditions
    .filter(({ ok }) => !ok)
    .map(conditionText)
    .join('; and ')}`;

/** More lost pings in a row than are so rare are one handover in ten thousand. */
const lostInARowOdds = 1e-4;

/** How long the destination's first answer may be late because the link lost pings, or their answers. */
const lostPingsMs = (profile: LinkProfile, intervalMs: number) => {
  const lost = 1 - returningShareOf(profile);
  return intervalMs * lostInARow(lost, Math.max(lost, roundTripLostAgainOf(profile)), lostInARowOdds);
};

/** The links that the handover may have met: those in force from the pause on, or shortly before it, until the first answer. */
const linksOfHandover = ({ measurement, links }: CrossCheckInput): readonly LinkInForce[] => {
  const { downtimeMs, downtime, downtimeStartMs, observed } = measurement;
  // What was queued over a link that is no more has to drain.
  const slackMs = observerStallMaxMs + drainMsOf(links);
  return linksDuring(
    links,
    downtimeStartMs - downtime.pauseMs - slackMs,
    downtimeStartMs + downtimeMs + (observed.firstAnswerMs ?? 0) + slackMs,
  );
};

/** What a packet may be early by because it overtakes: it waits out no delay then. */
const overtakableMs = ({ delayMs, reorderPercent = 0 }: LinkDirection): number =>
  reorderPercent > 0 ? delayMs : 0;

/**
 * The guest's own downtime against the silence that the observer heard, from the source's last answer to the
 * destination's first. Observer and source share a site, so the source's answers arrive at once. The silence is then
 *
 *   pause      the guest's network card falls silent when the pause is requested, its CPUs stop a little later
 *   downtime   last instruction to first instruction
 *   announce   the news goes from the destination to the router next to it, which moves the route: no WAN crossed
 *   round trip the first ping over the new route goes out and its answer comes back: an RTT and whatever queue stands,
 *              or what that very ping took, where the observer found it to take longer (a thread that was slow to
 *              wake on a busy machine answers late, but the guest was there)
 *
 * give or take jitter (as far as it reaches each way), what may overtake, the pings that the link loses, the interval
 * between pings (as it really was: `resolutionMs`) and the scheduler's slack. The lower bound leaves out pause and queue,
 * which may be zero.
 */
export const checkDowntime = (input: CrossCheckInput): CrossCheck => {
  const { downtimeMs, downtime, observed } = input.measurement;
  const links = linksOfHandover(input);
  const most = (figureOf: (link: LinkInForce) => number): number => Math.max(...links.map(figureOf));
  const leastRttMs = Math.min(...links.map(({ rttMs }) => rttMs));
  const unsharpMs = observed.resolutionMs + schedulingSlackMs;
  const ofBoth = (figureOf: (direction: LinkDirection) => number): number =>
    most(({ profile }) => figureOf(profile.sourceToDestination) + figureOf(profile.destinationToSource));
  const jitterMs = ofBoth(jitterReachMs);
  const queueMs = standingQueueMs(links);
  const expectedMs =
    most(({ rttMs }) => rttMs) +
    queueMs +
    jitterMs +
    most(({ profile }) => lostPingsMs(profile, input.pingIntervalMs));
  const roundTripMs = Math.min(
    Math.max(expectedMs, observed.firstAnswerMs ?? 0),
    expectedMs + observerStallMaxMs,
  );
  const low = Math.max(0, downtimeMs + leastRttMs - jitterMs - ofBoth(overtakableMs) - unsharpMs);
  const high = downtimeMs + downtime.pauseMs + roundTripMs + unsharpMs;
  const measured = observed.handoverGapMs;
  const reason =
    `the observer's silence is the downtime of ${downtimeMs.toFixed(1)} ms, up to ${downtime.pauseMs.toFixed(1)} ms ` +
    `of pausing and a round trip of ${leastRttMs.toFixed(1)} to ${roundTripMs.toFixed(1)} ms, ` +
    `± ${unsharpMs.toFixed(1)} ms of ping interval and scheduling`;
  return checkOf({ name: 'downtime', measured, low, high, unit: 'ms', reason }, [
    conditionOf({
      what: 'the longest pauses between pings where the gap began and ended',
      got: observed.resolutionMs,
      expected: { low: 0, high: observerStallMaxMs },
      unit: 'ms',
      remedy: `the observer had no CPU to see it with; ${again}, with fewer vCPUs, a lower dirty rate or on a machine that does less`,
    }),
    conditionOf({
      what: `the gap between the two hosts' answers to the observer, with a downtime of ${downtimeMs.toFixed(1)} ms,`,
      got: measured,
      expected: { low, high },
      unit: 'ms',
      remedy:
        measured === null
          ? `one of the two hosts never answered the observer; ${again}`
          : `hosts and observer contradict each other; ${again}, and where it stays so, look at evidence.measurement`,
    }),
  ]);
};

/**
 * How often a segment passes the router at most, on average: once for every time that it or its acknowledgement, which
 * may be lost as well, has to be sent again; as often as it comes twice; and as often as TCP takes it for lost although it
 * was only overtaken, before it has learnt how far packets overtake on this path.
 */
const sentAgainFactor = (profile: LinkProfile): number => {
  const { rateMbps, delayMs, duplicatePercent = 0, reorderPercent = 0 } = profile.sourceToDestination;
  // What a packet overtakes TCP may take for lost: all that is on its way.
  const overtaken =
    bandwidthDelayProductBytes(rateMbps, delayMs) / segmentPayloadBytesOf(mtuBytesOf(profile));
  const extra = (duplicatePercent + reorderPercent * overtaken) / 100;
  return (1 + extra) / returningShareOf(profile);
};

/** Pages that the source says it sent against what the router carried. */
export const checkWireBytes = (input: CrossCheckInput): CrossCheck => {
  const { ram, disk, deviceStateBytes, wire } = input.measurement;
  const payloadBytes = ram.pageBytes + (disk?.blockBytes ?? 0) + deviceStateBytes + ram.paddingBytes;
  const encodedPages = Object.values(input.measurement.encodedPages).reduce((sum, pages) => sum + pages, 0);
  const measured = wire.sourceToDestinationBytes - wire.observerToDestinationBytes;
  const common = { name: 'wire-bytes', measured, unit: 'bytes' } as const;
  if (payloadBytes < wireCheckLeastBytes)
    return {
      ...common,
      verdict: 'not-checked',
      low: null,
      high: null,
      reason: `${payloadBytes} bytes of payload are too few against handshakes and barriers`,
      conditions: [],
    };
  const zeroPages = ram.duplicate + (disk?.duplicate ?? 0);
  // It stays what it is, whatever else changes.
  const mtuBytes = mtuBytesOf(input.links[0]!.profile);
  const full = leastWireBytes(payloadBytes, mtuBytes);
  // What a lost connection took along the source has sent, but the router may never have seen: pages, which are sent again,
  // and padding, which isn't.
  const { recoveries } = input.measurement;
  const lostPages = recoveries.reduce((sum, { pagesLost }) => sum + pagesLost, 0);
  const blockBytes = disk === undefined ? 0 : disk.blockBytes / Math.max(1, disk.normal);
  const lostBytes =
    lostPages * Math.max(pageSizeBytes, blockBytes) + (recoveries.length === 0 ? 0 : ram.paddingBytes);
  const low = leastWireBytes(Math.max(0, payloadBytes - lostBytes), mtuBytes);
  const links = linksDuring(input.links, 0, input.measurement.totalTimeMs);
  const high =
    (full * (1 + wireOverheadFraction) + leastWireBytes(zeroPages * zeroPageMessageBytes, mtuBytes)) *
    Math.max(...links.map(({ profile }) => sentAgainFactor(profile)));
  const reason =
    `${ram.normal} full pages, ${encodedPages} encoded ones, ${disk === undefined ? '' : `${disk.normal} blocks of the disk, `}device state and padding in full segments, at most ` +
    `${wireOverheadFraction * 100} % more, ` +
    `and ${zeroPageMessageBytes} bytes for each of ${zeroPages} zero pages` +
    (recoveries.length === 0
      ? ''
      : `; ${lostPages} of the pages, and the padding, may have been lost with a connection before the router`);
  return checkOf({ ...common, low, high, reason }, [
    conditionOf({
      what: "the router's bytes from source to destination",
      got: measured,
      expected: { low, high },
      unit: 'bytes',
      remedy: `source and router contradict each other; ${again}, and where it stays so, look at evidence.measurement.wire`,
    }),
  ]);
};

/** What a flow may have less, or more, than was offered while it had the link for itself. */
const trafficTolerance = 0.03;

/** Whether each flow had the rate that it was to have, before the migration took its share of the link. */
export const checkTraffic = (
  traffic: readonly Pick<TrafficMeasurement, 'kind' | 'offeredMbps' | 'beforeMbps'>[],
): CrossCheck[] =>
  traffic.map(({ kind, offeredMbps, beforeMbps }) => {
    const [low, high] = [1 - trafficTolerance, 1 + trafficTolerance].map((share) => share * offeredMbps) as [
      number,
      number,
    ];
    const reason = `${kind} at ${offeredMbps} Mb/s, ± ${trafficTolerance * 100} %, before the migration`;
    return checkOf({ name: 'traffic', measured: beforeMbps, low, high, unit: 'Mb/s', reason }, [
      conditionOf({
        what: `what arrived of the traffic (${kind} at ${offeredMbps} Mb/s) before the migration`,
        got: beforeMbps,
        expected: { low, high },
        unit: 'Mb/s',
        remedy: `the hosts or the link can't carry it beside the guest; take a lower rate, a larger window, or a machine that does less`,
      }),
    ]);
  });

/** What a host's load may be off by. */
const loadTolerance = 0.05;

/** Whether each host that was to have a load had it over the warm-up. */
export const checkHostLoad = (hostLoad: Measurement['hostLoad']): CrossCheck[] =>
  (['source', 'destination'] as const).flatMap((host) => {
    const its = hostLoad?.[host];
    if (its === undefined || its.share === 0) return [];
    const { share, achieved } = its;
    const [low, high] = [share - loadTolerance, share + loadTolerance];
    const unit = 'of the quota';
    const reason = `${share} ± ${loadTolerance} of the ${host}'s quota, by its control group over the warm-up`;
    return [
      checkOf({ name: 'host-load', measured: achieved, low, high, unit, reason }, [
        conditionOf({
          what: `the load on the ${host} over the warm-up`,
          got: achieved,
          expected: { low, high },
          unit,
          remedy:
            'agent, guest and load together want more than the quota or the machine has; take a lower share, a quieter guest, or fewer CPUs',
        }),
      ]),
    ];
  });
/** A request that is sent later than this isn't on its schedule. */
const loadLatenessMaxMs = 1;

/** Whether requests left when they were due: if not, the observer measured itself. */
export const checkLoad = ({
  rate,
  lateP99Ms,
}: Pick<ServiceMeasurement, 'rate' | 'lateP99Ms'>): CrossCheck => {
  const [low, high] = [0, loadLatenessMaxMs];
  const reason = `the 99th percentile of how late requests were sent, at ${rate} a second`;
  return checkOf({ name: 'load', measured: lateP99Ms, low, high, unit: 'ms', reason }, [
    conditionOf({
      what: 'the 99th percentile of how late requests to the service were sent',
      got: lateP99Ms,
      expected: { low, high },
      unit: 'ms',
      remedy: `the observer had no CPU to send them with; ${again}, with a lower rate or on a machine that does less`,
    }),
  ]);
};

/** An entry of a timeline that begins later than this makes another experiment. */
const timelineLateMaxMs = 100;

/** Whether what a timeline does was begun when it was due. */
const checkTimeline = (lateMs: number): CrossCheck => {
  const [low, high] = [0, timelineLateMaxMs];
  const reason = 'the most by which an entry of the timeline was begun after it was due';
  return checkOf({ name: 'timeline', measured: lateMs, low, high, unit: 'ms', reason }, [
    conditionOf({
      what: 'the latest entry of the timeline',
      got: lateMs,
      expected: { low, high },
      unit: 'ms',
      remedy: `the harness had no CPU to begin it with; ${again}, or on a machine that does less`,
    }),
  ]);
};

export const crossCheck = (input: CrossCheckInput): CrossCheck[] => [
  checkDowntime(input),
  checkWireBytes(input),
  ...checkTraffic(input.measurement.traffic ?? []),
  ...checkHostLoad(input.measurement.hostLoad),
  ...(input.measurement.service === undefined ? [] : [checkLoad(input.measurement.service)]),
  ...(input.timelineLateMs === null ? [] : [checkTimeline(input.timelineLateMs)]),
];

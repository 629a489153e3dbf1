import { isMigratingDisk } from '#catalogue/disk-storages';
import { settingsOf } from '#catalogue/capabilities';
import { jitterReachMs } from '#catalogue/jitter-distributions';
import type { LinkTimeouts } from '#proto/link-timeouts';
import { leastTimeouts } from '#proto/link-timeouts';
import type { LinkProfile } from '#proto/link';
import { lossShareOf, lostInARow, roundTripLostAgainOf, rttMsOf } from '#proto/link';
import type { TransferConfig, TransferSwitches } from '#proto/strategy';
import { bandwidthDelayProductBytes, mebibyte, pageSizeBytes } from '#proto/units';
import { offeredMbps } from '#proto/traffic';
import type { RunnableScenario } from './record.ts';

/**
 * What follows from a link: windows, messages and time-outs of a migration over it. Pure.
 *
 * On a fast link they are what they are for the sake of throughput. On a slow one what is under way must fit into the time
 * that its peers wait for each other; on a lossy one they must bear TCP's silence while it tries again and again.
 */

/** As calibration measured it, and its profile says. */
export interface LinkFigures {
  /** TCP payload from source to destination, and back, in Mb/s. */
  goodputMbps: number;
  reverseGoodputMbps: number;
  rttMs: number;
  /** What a round trip may take beyond it, in ms: jitter, and the bottlenecks' buffers, full. */
  delayMaxMs: number;
  /** Part of the packets that are lost, in the worse direction. */
  lossFraction: number;
  /** Part of round trips that are lost after a lost one, where that is more than of all: loss in bursts. */
  lossAgain?: number;
}

/** A link of which nothing is known. */
const unknownLink = { goodputMbps: 1, reverseGoodputMbps: 1, rttMs: 1000 };
export const linkFiguresOf = (
  profile: LinkProfile,
  calibration: Pick<LinkFigures, 'goodputMbps' | 'reverseGoodputMbps' | 'rttMs'> | null,
): LinkFigures => {
  const { goodputMbps, reverseGoodputMbps, rttMs } = calibration ?? unknownLink;
  const directions = [profile.sourceToDestination, profile.destinationToSource];
  return {
    goodputMbps,
    reverseGoodputMbps,
    rttMs,
    delayMaxMs: directions.reduce((sum, way) => sum + jitterReachMs(way) + way.bufferMs, 0),
    lossFraction: Math.max(...directions.map(lossShareOf)),
    lossAgain: roundTripLostAgainOf(profile),
  };
};

const mostOfLeastWindowBytes = 4 * mebibyte;
/** Four messages of a page: below, the link would run dry between one and the next. */
const leastOfLeastWindowBytes = 4 * pageSizeBytes;
/**
 * What stands in the way of everything that follows, a keepalive ping for one: 4 MiB are that much at 134 Mb/s. At 1 Mb/s
 * they would be 34 s.
 */
const leastWindowMs = 250;
/** Of a window while a lost segment is repaired, in round trips: it is missed, asked for, sent again, and may be lost again. */
const repairRoundTrips = 4;
/**
 * What a full link and two busy hosts add to the idle RTT: 10 Gb/s at 5.5 ms has a loaded RTT of 9 to 12 ms (as TCP
 * measures it), and messages are confirmed whole.
 */
const loadedDelayMs = 15;
/** Beyond the product: 64 KiB, or what a slow link carries in 10 ms (64 KiB at 52 Mb/s). */
const mostPostcopyHeadroomBytes = mebibyte / 16;
const postcopyHeadroomMs = 10;
/** Shorter ones cost more time than the link takes for them: four pages, or on a slow link what it carries in 4 ms. */
const mostOfLeastMessageBytes = 4 * pageSizeBytes;
const leastMessageWireMs = 4;
/** While demand faults share the link, a fault waits for the message that is being sent: the window is many of them … */
const messagesPerPostcopyWindow = 16;
/** … unless they got so short that they cost more time than the link takes for them … */
const leastMessageMs = 0.1;
/** … and never less than this many, so that there is always one to send. */
const leastMessagesPerWindow = 2.5;
/**
 * Of the device state and of what goes before it to open the congestion window: 1 MiB, or what the link carries in 50 ms
 * (1 MiB at 168 Mb/s).
 */
const mostOrderBytes = mebibyte;
const orderMs = 50;
const leastTcpBufferBytes = 16 * mebibyte;
/** Linux keeps it in a signed int. */
const mostTcpBufferBytes = 2 ** 31 - 1;

const between = (least: number, bytes: number, most: number): number =>
  Math.min(most, Math.max(least, bytes));

/** What a link carries in so long. */
const carriedBytes = bandwidthDelayProductBytes;
/** A segment every 1.2 s: what a lossy link carries in a moment of calibration may be nothing. */
const leastRateMbps = 0.01;
/** Time of so many bytes on the wire. */
const wireMs = (bytes: number, mbps: number): number => (bytes * 8) / (Math.max(mbps, leastRateMbps) * 1000);

/**
 * The windows of a migration over a calibrated link.
 *
 * Bulk: a bandwidth-delay product, and as much again (as much as BBR keeps in flight), or what the link carries in 15 ms,
 * so that it doesn't fall idle while a confirmation is late; at least 4 MiB, or what a slow link carries in 250 ms. With half
 * a product more instead, pages went at 7.7 Gb/s on average at 10 Gb/s and 5.5 ms, with 15 ms at 8.5, in the same hour.
 * At a round's end: half a product more, as whatever is above the product delays what is sent after the round.
 * Post-copy: a demand fault queues behind whatever exceeds the product, so only a tenth and 64 KiB do (1 ms at 1 Gb/s
 * and 5.5 ms), which is what keeps the link from running dry between two confirmations. Where faults are answered
 * in-stream, no fault has a way of its own that would be worth keeping free, and there are as many as at a round's end; so
 * they are on a lossy link, where TCP leaves the bottleneck empty and a window of a product is mostly waiting for repair.
 *
 * Messages of the push: a sixteenth of that, but what the link carries in 0.1 ms. On a 10 Gb/s LAN a sixteenth would be
 * five pages: a vCPU just behind the push then waits for every message, and pages go at 3.1 instead of 6.5 Gb/s.
 */
export const transferConfigOf = (
  link: Pick<LinkFigures, 'goodputMbps' | 'rttMs'> & Partial<LinkFigures>,
  switches: TransferSwitches,
): TransferConfig => {
  const { rttMs, lossFraction = 0 } = link;
  const goodputMbps = Math.max(link.goodputMbps, leastRateMbps);
  const isLossy = lossFraction > 0;
  const inFlightBytes = bandwidthDelayProductBytes(goodputMbps, rttMs);
  const loadedBytes = bandwidthDelayProductBytes(goodputMbps, Math.max(rttMs, loadedDelayMs));
  const leastMs = leastWindowMs + (isLossy ? repairRoundTrips * rttMs : 0);
  const leastWindowBytes = between(
    leastOfLeastWindowBytes,
    carriedBytes(goodputMbps, leastMs),
    mostOfLeastWindowBytes,
  );
  const bulkWindowBytes = Math.max(leastWindowBytes, Math.round(inFlightBytes + loadedBytes));
  const roundEndWindowBytes = Math.max(leastWindowBytes, Math.round(1.5 * inFlightBytes));
  const headroomBytes = between(
    leastOfLeastWindowBytes,
    carriedBytes(goodputMbps, postcopyHeadroomMs),
    mostPostcopyHeadroomBytes,
  );
  const besideFaultsBytes = Math.round(1.1 * inFlightBytes) + headroomBytes;
  const hasOwnWay = switches.faults === 'preempt';
  const postcopyWindowBytes = !hasOwnWay
    ? roundEndWindowBytes
    : isLossy
      ? Math.max(besideFaultsBytes, roundEndWindowBytes)
      : besideFaultsBytes;
  const postcopyMessageBytes = Math.round(
    Math.max(
      postcopyWindowBytes / messagesPerPostcopyWindow,
      Math.min((leastMessageMs * goodputMbps * 1000) / 8, postcopyWindowBytes / leastMessagesPerWindow),
    ),
  );
  return {
    ...switches,
    bulkWindowBytes,
    roundEndWindowBytes,
    postcopyWindowBytes,
    postcopyMessageBytes,
    leastMessageBytes: between(
      pageSizeBytes,
      carriedBytes(goodputMbps, leastMessageWireMs),
      mostOfLeastMessageBytes,
    ),
    orderBytes: between(leastOfLeastWindowBytes, carriedBytes(goodputMbps, orderMs), mostOrderBytes),
  };
};

/**
 * The hosts' largest TCP buffers. Linux offers about half of a receive buffer as window, and a sender keeps what is
 * unacknowledged as well as what waits: two products each, doubled.
 */
export const tcpBufferMaxBytesOf = (profile: LinkProfile): number => {
  const rateMbps = Math.max(profile.sourceToDestination.rateMbps, profile.destinationToSource.rateMbps);
  const wantedBytes = 4 * bandwidthDelayProductBytes(rateMbps, rttMsOf(profile));
  return Math.min(mostTcpBufferBytes, Math.max(leastTcpBufferBytes, wantedBytes));
};

/** TCP's retransmission timer (Linux): at least 200 ms above the round trip, doubled each time, at most 120 s. */
const retransmitLeastMs = 200;
const retransmitMostMs = 120_000;
/** For a SYN it begins with 1 s (RFC 6298). */
const synRetransmitMs = 1000;
/** After so many TCP itself gives up (tcp_retries2). */
const retransmissionsMax = 15;
/** Of a ping that is not answered although the link stands: an hour has some thousand. */
const unansweredOdds = 1e-4;
/** Of a connection that isn't made, where nobody tries again. */
const unconnectedOdds = 1e-3;
/** … and where another attempt follows. */
const failedAttemptOdds = 0.1;

/** Of round trips: all of them, and those after a lost one. */
interface RoundTripLoss {
  share: number;
  again: number;
}

/** How long TCP is silent while it sends a segment again and again, at such odds that it still doesn't arrive. */
const silenceMs = ({ share, again }: RoundTripLoss, odds: number, firstMs: number): number => {
  const needed = lostInARow(share, again, odds);
  let sumMs = 0;
  for (let nth = 0; nth < Math.min(needed, retransmissionsMax); nth++)
    sumMs += Math.min(firstMs * 2 ** nth, retransmitMostMs);
  return sumMs;
};

/** TCP, TLS 1.3, HTTP/2's settings, hello and answer are four; a segment of them that is lost takes two more. */
const handshakeRoundTrips = 6;
/** Both certificates with their chains, and HTTP/2's settings: some 5 KB. */
const handshakeBytes = 8192;
/** What stands before a ping is the window, a message, and what TCP keeps in flight, which may be twice the link's buffer. */
const drainFactor = 3;
/** A destination tries to come back at least so often. */
const recoverAttempts = 8;

/**
 * How long the peers of a migration wait for each other, over such a link: what they wait at least, and what the link takes
 * itself. It grows with the round trip, the buffers, the loss, and with what is in flight at the link's rate.
 */
export const timeoutsOf = (
  link: LinkFigures,
  { bulkWindowBytes, postcopyWindowBytes, orderBytes }: TransferConfig,
): LinkTimeouts => {
  const { goodputMbps, reverseGoodputMbps, rttMs, delayMaxMs, lossFraction, lossAgain = 0 } = link;
  const roundTripMs = rttMs + delayMaxMs;
  const retransmitMs = retransmitLeastMs + roundTripMs;
  // A message of pages is a part of the window.
  const windowBytes = Math.max(bulkWindowBytes, postcopyWindowBytes);
  const drainMs = wireMs(2 * windowBytes + orderBytes, goodputMbps);
  /** TCP sends again what is lost, and what is confirmed in vain. */
  const share = 1 - (1 - lossFraction) ** 2;
  const eitherLost = { share, again: Math.max(share, lossAgain) };
  const quietMs = drainFactor * (roundTripMs + drainMs);
  const answerMs = quietMs + silenceMs(eitherLost, unansweredOdds, retransmitMs);
  const handshakeMs =
    handshakeRoundTrips * roundTripMs + wireMs(handshakeBytes, Math.min(goodputMbps, reverseGoodputMbps));
  const connectionMs = (odds: number): number =>
    handshakeMs +
    silenceMs(eitherLost, odds, synRetransmitMs) +
    2 * silenceMs(eitherLost, odds, retransmitMs);
  const connectMs = connectionMs(unconnectedOdds);
  const attemptMs = leastTimeouts.attemptMs + connectionMs(failedAttemptOdds);
  return {
    pingEveryMs: leastTimeouts.pingEveryMs,
    answerMaxMs: leastTimeouts.answerMaxMs + answerMs,
    // The control connection, and after it those of the pages.
    agreeMs: leastTimeouts.agreeMs + 2 * connectMs,
    connectMs: leastTimeouts.connectMs + connectMs,
    attemptMs,
    // Either side may find out an answer's time after the other.
    recoverMs: leastTimeouts.recoverMs + answerMs + recoverAttempts * (attemptMs - leastTimeouts.attemptMs),
    helloMs: leastTimeouts.helloMs + connectMs,
    idleMs: leastTimeouts.idleMs + connectMs,
    // A destination that is gone must not keep the source for as long as one that is silent.
    farewellMs: leastTimeouts.farewellMs + quietMs + silenceMs(eitherLost, failedAttemptOdds, retransmitMs),
  };
};

/** What a link carries at least of its calibrated rate, in a bound that only ends a hang. */
const hangFactor = 10;
const leastHangMs = 60_000;
/** A day: over a link of 0.01 Mb/s, ten times what 256 MiB take would be 25. */
const mostHangMs = 24 * 3_600_000;
/** With blocking faults a round trip moves a sixteenth of the least window at least. */
const leastBlockingBatchBytes = 256 * 1024;
/** The device state goes once, and before it twice as much to open the congestion window. */
const deviceStateFactor = 3;
/** Of the link, beside traffic that fills it. */
const leastLeft = 0.05;
/** Rounds, barriers, orders: what a migration waits for without sending. */
const leastRoundTrips = 100;

/** What of a disk travels at most, but for what is written again. */
const diskBytesOf = (
  disk: RunnableScenario['guest']['disk'],
  workload: RunnableScenario['workload'],
): number => {
  if (disk === undefined || !isMigratingDisk(disk)) return 0;
  const written = disk.allocatedBytes + (workload.diskRegionBytes ?? 0);
  return disk.incremental ? Math.min(disk.sizeBytes, written) : disk.sizeBytes;
};

/**
 * Ends a hung migration: the strategy's own bound, what making and recovering a connection may take, and ten times what
 * sending the whole RAM, the disk and the device state takes at the link's rate or the cap on it; where faults block the
 * push, also a round trip for every batch. A day at most.
 */
export const migrationTimeoutMs = (
  {
    limits,
    guest,
    workload,
    capabilities,
    traffic = [],
    timeline = [],
  }: Pick<RunnableScenario, 'limits' | 'guest' | 'workload' | 'capabilities' | 'traffic' | 'timeline'>,
  link: Pick<LinkFigures, 'goodputMbps' | 'rttMs'>,
  timeouts: LinkTimeouts,
): number => {
  const { faults, continueMaxMs } = settingsOf(capabilities);
  const allLimits = [limits, ...timeline.flatMap((entry) => (entry.do === 'set' ? [entry.limits] : []))];
  const caps = allLimits
    .flatMap(({ maxBandwidthMbps = 0, maxPostcopyBandwidthMbps = 0 }) => [
      maxBandwidthMbps,
      maxPostcopyBandwidthMbps,
    ]) // prettier-ignore
    .filter((mbps) => mbps > 0);
  // Open-loop traffic leaves no more than what it doesn't take.
  const left = Math.max(leastLeft, 1 - offeredMbps(traffic, 'destination') / link.goodputMbps);
  const rateMbps = Math.min(link.goodputMbps * left, ...caps);
  const batches = faults === 'blocking' ? guest.ramBytes / leastBlockingBatchBytes : 0;
  const deviceBytes = deviceStateFactor * guest.deviceStateBytes;
  const bytes = guest.ramBytes + diskBytesOf(guest.disk, workload) + deviceBytes;
  return Math.min(
    mostHangMs,
    leastHangMs +
      limits.maxPrecopyMs +
      limits.postcopyPushDelayMs +
      continueMaxMs +
      timeouts.agreeMs +
      timeouts.recoverMs +
      (leastRoundTrips + batches) * link.rttMs +
      hangFactor * wireMs(bytes, rateMbps),
  );
};

import type { LinkProfile } from '../../proto/link.ts';
import { rttMsOf } from '../../proto/link.ts';
import type { TransferConfig, TransferSwitches } from '../../proto/strategy.ts';
import { bandwidthDelayProductBytes, mebibyte } from '../../proto/units.ts';

const leastWindowBytes = 4 * mebibyte;
/**
 * What a full link and two busy hosts add to the idle RTT: 10 Gb/s at 5.5 ms has a loaded RTT of 9 to 12 ms (as TCP
 * measures it), and messages are confirmed whole.
 */
const loadedDelayMs = 15;
const postcopyHeadroomBytes = mebibyte / 16;
/** While demand faults share the link, a fault waits for the message that is being sent: the window is many of them … */
const messagesPerPostcopyWindow = 16;
/** … unless they got so short that they cost more time than the link takes for them … */
const leastMessageMs = 0.1;
/** … and never less than this many, so that there is always one to send. */
const leastMessagesPerWindow = 2.5;
const leastTcpBufferBytes = 16 * mebibyte;
/** Linux keeps it in a signed int. */
const mostTcpBufferBytes = 2 ** 31 - 1;

/**
 * The windows of a migration over a calibrated link of `goodputMbps` and `rttMs`.
 *
 * Bulk: a bandwidth-delay product, and as much again (as much as BBR keeps in flight), or what the link carries in 15 ms,
 * so that it doesn't fall idle while a confirmation is late; at least 4 MiB. With half a product more instead, pages
 * went at 7.7 Gb/s on average at 10 Gb/s and 5.5 ms, with 15 ms at 8.5, in the same hour.
 * At a round's end: half a product more, as whatever is above the product delays what is sent after the round.
 * Post-copy: a demand fault queues behind whatever exceeds the product, so only a tenth and 64 KiB do (1 ms at 1 Gb/s
 * and 5.5 ms), which is what keeps the link from running dry between two confirmations. Where faults are answered
 * in-stream, no fault has a way of its own that would be worth keeping free, and there are as many as at a round's end.
 *
 * Messages of the push: a sixteenth of that, but what the link carries in 0.1 ms. On a 10 Gb/s LAN a sixteenth would be
 * five pages: a vCPU just behind the push then waits for every message, and pages go at 3.1 instead of 6.5 Gb/s.
 */
export const transferConfigOf = (
  link: { goodputMbps: number; rttMs: number },
  switches: TransferSwitches,
): TransferConfig => {
  const inFlightBytes = bandwidthDelayProductBytes(link.goodputMbps, link.rttMs);
  const loadedBytes = bandwidthDelayProductBytes(link.goodputMbps, Math.max(link.rttMs, loadedDelayMs));
  const bulkWindowBytes = Math.max(leastWindowBytes, Math.round(inFlightBytes + loadedBytes));
  const roundEndWindowBytes = Math.max(leastWindowBytes, Math.round(1.5 * inFlightBytes));
  const besideFaultsBytes = Math.round(1.1 * inFlightBytes) + postcopyHeadroomBytes;
  const postcopyWindowBytes = switches.faults === 'preempt' ? besideFaultsBytes : roundEndWindowBytes;
  const postcopyMessageBytes = Math.round(
    Math.max(
      postcopyWindowBytes / messagesPerPostcopyWindow,
      Math.min((leastMessageMs * link.goodputMbps * 1000) / 8, postcopyWindowBytes / leastMessagesPerWindow),
    ),
  );
  return { ...switches, bulkWindowBytes, roundEndWindowBytes, postcopyWindowBytes, postcopyMessageBytes };
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

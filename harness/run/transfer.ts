import type { LinkProfile } from '../../proto/link.ts';
import { rttMsOf } from '../../proto/link.ts';
import type { TransferConfig, TransferSwitches } from '../../proto/strategy.ts';
import { bandwidthDelayProductBytes, mebibyte } from '../../proto/units.ts';

const leastBulkWindowBytes = 4 * mebibyte;
const postcopyHeadroomBytes = mebibyte / 16;
/** While demand faults share the link, a fault waits for the message that is being sent: the window is many of them … */
const messagesPerPostcopyWindow = 16;
/** … unless they got so short that they cost more time than the link takes for them … */
const leastMessageMs = 0.1;
/** … and never less than this many, so that there is always one to send. */
const leastMessagesPerWindow = 2.5;
const leastTcpBufferBytes = 16 * mebibyte;

/**
 * The windows of a migration over a calibrated link of `goodputMbps` and `rttMs`.
 *
 * Bulk: half a bandwidth-delay product above what fills the link, so that a receiver that is late by half an RTT
 * doesn't leave it idle; at least 4 MiB, as on short links the hosts' own pauses are longer than the RTT.
 * Post-copy: a demand fault queues behind whatever exceeds the product, so only a tenth and 64 KiB do (1 ms at 1 Gb/s
 * and 5.5 ms), which is what keeps the link from running dry between two confirmations. Where faults are answered
 * in-stream, no fault has a way of its own that would be worth keeping free, and the stream is filled as QEMU fills it.
 *
 * Messages of the push: a sixteenth of that, but what the link carries in 0.1 ms. On a 10 Gb/s LAN a sixteenth would be
 * five pages: a vCPU just behind the push then waits for every message, and pages go at 3.1 instead of 6.5 Gb/s.
 */
export const transferConfigOf = (
  link: { goodputMbps: number; rttMs: number },
  switches: TransferSwitches,
): TransferConfig => {
  const inFlightBytes = bandwidthDelayProductBytes(link.goodputMbps, link.rttMs);
  const bulkWindowBytes = Math.max(leastBulkWindowBytes, Math.round(1.5 * inFlightBytes));
  const besideFaultsBytes = Math.round(1.1 * inFlightBytes) + postcopyHeadroomBytes;
  const postcopyWindowBytes = switches.faults === 'preempt' ? besideFaultsBytes : bulkWindowBytes;
  const postcopyMessageBytes = Math.round(
    Math.max(
      postcopyWindowBytes / messagesPerPostcopyWindow,
      Math.min((leastMessageMs * link.goodputMbps * 1000) / 8, postcopyWindowBytes / leastMessagesPerWindow),
    ),
  );
  return { ...switches, bulkWindowBytes, postcopyWindowBytes, postcopyMessageBytes };
};

/**
 * The hosts' largest TCP buffers. Linux offers about half of a receive buffer as window, and a sender keeps what is
 * unacknowledged as well as what waits: two products each, doubled.
 */
export const tcpBufferMaxBytesOf = (profile: LinkProfile): number => {
  const rateMbps = Math.max(profile.sourceToDestination.rateMbps, profile.destinationToSource.rateMbps);
  return Math.max(leastTcpBufferBytes, 4 * bandwidthDelayProductBytes(rateMbps, rttMsOf(profile)));
};

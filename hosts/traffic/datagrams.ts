import type { TrafficEnd } from '#proto/traffic';
import { payloadShareOf } from '#proto/traffic';
import { monotonicMs } from '#proto/units';
import { closeSocket, openDatagrams, receiveNow, sendNow } from '../sockets.ts';
import { createPoller } from '../wan/libc.ts';
import { EchoWindow, Pacing } from './pacing.ts';
import type { TrafficRecorder } from './recorder.ts';

/** Datagrams that leave together: a call costs as much for sixteen as for one, and a queue still sees small packets. */
const togetherMost = 16;
/** So that a window is no fewer than some steps. */
const windowSteps = 4;
/** Beyond this the process hears nobody who wants it to end. */
const turnMs = 5;
/** Each datagram begins with its number (u32) and when it was sent (f64, ms). */
const headerBytes = 16;
/** The kernel joins no more than that. */
const receivedMostBytes = 64 << 10;
/** Tries again while the kernel's buffer is full. */
const retryMs = 0.5;

const bits = 1_000;

/** Sends and receives until it is told to end, in turns of some ms. */
export const runDatagrams = (
  end: TrafficEnd,
  recorder: TrafficRecorder,
): { turn: () => void; close: () => void } => {
  const { kind, packetBytes, initiates, bothWays } = end;
  const fd = openDatagrams(end.address, end.peer, end.port, packetBytes);
  const poller = createPoller([fd]);
  const sends = initiates || (kind === 'udp' && bothWays);
  const packetsPerMs = (end.rateMbps * bits * payloadShareOf(end, end.mtuBytes)) / 8 / packetBytes;
  const startedAtMs = monotonicMs();
  const pacing = new Pacing(packetsPerMs, startedAtMs);
  const windowPackets = kind === 'ping' ? Math.max(1, Math.floor(end.windowBytes / packetBytes)) : Infinity;
  const window = new EchoWindow(windowPackets, startedAtMs);
  const together = Math.max(
    1,
    Math.min(togetherMost, Math.floor(packetsPerMs), Math.floor(windowPackets / windowSteps)),
  );
  const outgoing = Buffer.alloc(together * packetBytes);
  const incoming = Buffer.alloc(receivedMostBytes);

  const take = (): void => {
    for (let length = receiveNow(fd, incoming); length >= 0; length = receiveNow(fd, incoming)) {
      const nowMs = monotonicMs();
      recorder.arrived(length, nowMs);
      if (kind !== 'ping' || length < headerBytes) continue;
      if (initiates) {
        const last = bothWays ? (Math.ceil(length / packetBytes) - 1) * packetBytes : 0;
        window.heard(incoming.readUInt32LE(last), nowMs);
        recorder.roundTrip(nowMs - incoming.readDoubleLE(last + 4), nowMs);
      } else if (bothWays) {
        if (sendNow(fd, incoming, length)) recorder.sent(length, nowMs);
      } else {
        // Only the news that all up to the last has come.
        const last = (Math.ceil(length / packetBytes) - 1) * packetBytes;
        incoming.copyWithin(0, last, last + headerBytes);
        sendNow(fd, incoming, headerBytes);
      }
    }
  };

  /** @returns when it wants to go on, in ms from now */
  const give = (): number => {
    for (;;) {
      const nowMs = monotonicMs();
      const room = window.room(nowMs);
      if (room < together) return turnMs;
      if (pacing.due(nowMs) < together) return Math.max(0, pacing.dueAtMs(together) - nowMs);
      for (let packet = 0; packet < together; packet += 1) {
        outgoing.writeUInt32LE((window.next + packet) >>> 0, packet * packetBytes);
        outgoing.writeDoubleLE(nowMs, packet * packetBytes + 4);
      }
      if (!sendNow(fd, outgoing, outgoing.length)) return retryMs;
      pacing.sent(together);
      window.sent(together, nowMs);
      recorder.sent(outgoing.length, nowMs);
    }
  };

  return {
    turn: () => {
      const untilMs = monotonicMs() + turnMs;
      for (let leftMs = turnMs; leftMs > 0; leftMs = untilMs - monotonicMs()) {
        const waitMs = sends ? give() : turnMs;
        poller.wait(Math.min(waitMs, leftMs));
        if (poller.isReady(0)) take();
      }
    },
    close: () => {
      closeSocket(fd);
    },
  };
};

/**
 * The thread that holds packets back: takes their ids from NFQUEUE, and lets them go when they are due. It blocks in
 * ppoll and never returns to the event loop until it is told to stop; settings come through shared memory.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { LivemigError } from '#proto/errors';
import { monotonicMs } from '#proto/units';
import { DelayLine, fates } from './delay-line.ts';
import {
  clearWakeup,
  closeDescriptor,
  createBatchReceiver,
  createPoller,
  openNetlink,
  openRaw,
  receiveBytes,
  sendBytes,
  sendPacket,
  setPreciseTimers,
  setSocketOption,
} from './libc.ts';
import { errnoOf } from './netlink.ts';
import {
  acceptBatchMessage,
  acceptMessage,
  bindQueueMessages,
  configureQueueMessages,
  dropMessage,
  netlinkNetfilter,
  packetIdOf,
  packetType,
  payloadOf,
  queueOf,
  setVerdictId,
} from './nfqueue-messages.ts';
import type { QueueMode } from './nfqueue-messages.ts';
import { controlWords, directionSettings, queueNumbers, settingWords, statWords } from './nfqueue-shared.ts';
import type { WorkerData } from './nfqueue-shared.ts';
import { PacketCopies } from './packet-copies.ts';

const {
  settings: settingsBuffer,
  stats: statsBuffer,
  control: controlBuffer,
  wakeupFd,
} = workerData as WorkerData;
const settings = new Float64Array(settingsBuffer);
const stats = new Float64Array(statsBuffer);
const control = new Int32Array(controlBuffer);

/** The most packets in flight per direction: 26 ms of 10 Gb/s in 1514-byte packets are 22,000. */
const capacity = 1 << 19;
const queueMaxLength = 500_000;
/** A packet of 1500 bytes, and what the kernel says of it. */
const slotBytes = 2048;
const idleWaitMs = 200;
const receiveBufferBytes = 64 << 20;
const soRcvbuf = 8;
const soRcvbufforce = 33;
const solSocket = 1;
const solNetlink = 270;
const netlinkNoEnobufs = 5;

const fd = openNetlink(netlinkNetfilter);
/** Opened once there is something to duplicate. */
let rawFd = -1;

const request = (message: Buffer): void => {
  sendBytes(fd, message);
  const answer = Buffer.alloc(4096);
  // Before the first rule exists no packets come, so that the next datagram is the acknowledgement.
  const errno = receiveBytes(fd, answer) > 0 ? errnoOf(answer) : null;
  if (errno !== 0)
    throw new LivemigError(
      'LINK_NOT_APPLIED',
      `NFQUEUE configuration was refused with errno ${String(errno)}`,
    );
};

const serve = (): void => {
  if (!setSocketOption(fd, solSocket, soRcvbufforce, receiveBufferBytes))
    setSocketOption(fd, solSocket, soRcvbuf, receiveBufferBytes);
  // A full receive buffer must not end the socket's reading; lost ids are counted as escaped instead.
  setSocketOption(fd, solNetlink, netlinkNoEnobufs, 1);
  setPreciseTimers();

  const directions = queueNumbers.map((queue, index) => ({
    queue,
    line: new DelayLine(capacity),
    accept: acceptBatchMessage(queue),
    acceptOne: acceptMessage(queue),
    drop: dropMessage(queue),
    copies: new PacketCopies((packet) => sendPacket(rawFd, packet)),
    lastId: 0,
    statsAt: index * statWords.perDirection,
  }));
  type Direction = (typeof directions)[number];
  let mode: QueueMode = { maxLength: queueMaxLength, wholeGso: true, copyBytes: 0 };
  for (const { queue } of directions) for (const message of bindQueueMessages(queue, mode)) request(message);

  const poller = createPoller([fd, wakeupFd]);
  const receiver = createBatchReceiver(fd, 128, slotBytes);

  const configure = (): void => {
    directions.forEach(({ line }, index) => {
      line.configure(directionSettings(settings, index));
    });
    const wholeGso = settings[settingWords.wholeGso] === 1;
    const copyBytes = settings[settingWords.copyBytes]!;
    if (copyBytes > 0 && rawFd < 0) rawFd = openRaw();
    if (wholeGso !== mode.wholeGso || copyBytes !== mode.copyBytes) {
      mode = { ...mode, wholeGso, copyBytes };
      // Packets may be arriving by now: `take` reads the acknowledgements and counts errors.
      for (const { queue } of directions)
        for (const message of configureQueueMessages(queue, mode)) sendBytes(fd, message);
    }
    Atomics.store(control, controlWords.applied, Atomics.load(control, controlWords.generation));
    Atomics.notify(control, controlWords.applied);
  };

  /** What doesn't only wait. @param at where its message begins */
  const settle = (
    direction: Direction,
    id: number,
    fate: number,
    nowMs: number,
    at: number,
    length: number,
  ) => {
    const { line, copies, statsAt } = direction;
    if (fate === fates.lost) {
      setVerdictId(direction.drop, id);
      sendBytes(fd, direction.drop);
      stats[statsAt + statWords.lost] = stats[statsAt + statWords.lost]! + 1;
      return;
    }
    if ((fate & fates.overtakes) !== 0) {
      setVerdictId(direction.acceptOne, id);
      sendBytes(fd, direction.acceptOne);
    }
    if ((fate & fates.duplicated) === 0) return;
    const dueMs = line.admitCopy(nowMs);
    if (dueMs >= 0) copies.hold(payloadOf(receiver.buffer, at, length), dueMs);
    stats[statsAt + statWords.unsent] = copies.unsent;
  };

  const take = (): void => {
    for (let got = receiver.receive(); got > 0; got = receiver.receive()) {
      const nowMs = performance.now();
      for (let slot = 0; slot < got; slot += 1) {
        const at = slot * slotBytes;
        const errno = errnoOf(receiver.buffer, at);
        if (errno !== null) {
          if (errno !== 0) stats[statWords.errors] = stats[statWords.errors]! + 1;
          continue;
        }
        if (receiver.buffer.readUInt16LE(at + 4) !== packetType) continue;
        const direction = directions[queueOf(receiver.buffer, at) === queueNumbers[0] ? 0 : 1];
        const id = packetIdOf(receiver.buffer, at, receiver.lengthOf(slot));
        if (direction === undefined || id < 0) continue;
        // Ids are consecutive: a gap is a packet that failed open, so it was not delayed.
        const { statsAt } = direction;
        if (id > direction.lastId + 1 && direction.lastId > 0)
          stats[statsAt + statWords.escaped] =
            stats[statsAt + statWords.escaped]! + (id - direction.lastId - 1);
        direction.lastId = id;
        stats[statsAt + statWords.packets] = stats[statsAt + statWords.packets]! + 1;
        const fate = direction.line.admit(id, nowMs);
        if (fate !== 0) settle(direction, id, fate, nowMs, at, receiver.lengthOf(slot));
      }
      if (got < 128) return;
    }
  };

  configure();
  parentPort?.postMessage('ready');
  while (Atomics.load(control, controlWords.stop) === 0) {
    let nextDueMs = Infinity;
    for (const { line, accept, copies, statsAt } of directions) {
      const dueMs = performance.now();
      const last = line.release(dueMs);
      if (last >= 0) {
        setVerdictId(accept, last);
        sendBytes(fd, accept);
      }
      if (copies.nextDueMs <= dueMs) {
        copies.release(dueMs);
        stats[statsAt + statWords.unsent] = copies.unsent;
      }
      nextDueMs = Math.min(nextDueMs, line.nextDueMs, copies.nextDueMs);
    }
    const nowMs = performance.now();
    stats[statWords.beatAtMs] = monotonicMs();
    poller.wait(Math.min(idleWaitMs, Math.max(0, nextDueMs - nowMs)));
    if (poller.isReady(0)) take();
    if (poller.isReady(1)) {
      clearWakeup(wakeupFd);
      configure();
    }
  }
};

try {
  serve();
} finally {
  // Closing unbinds the queues: without a listener the kernel drops their packets, so a dead worker is a dead link,
  // never one without delay.
  closeDescriptor(fd);
  if (rawFd >= 0) closeDescriptor(rawFd);
}

/**
 * Sends requests to the guest's service on a schedule that waits for nothing, and takes its answers: a thread of its own, so
 * that the observer's pings go on undisturbed. Ends when `stop` is set and every request is answered or has timed out.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { LoadOrder } from '#proto/service';
import {
  encodeLoadSamples,
  serviceHeaderBytes,
  serviceRequestBytes,
  serviceResponseMaxBytes,
} from '#proto/service';
import { monotonicMs } from '#proto/units';
import { closeSocket, openRequester, receiveNow, sendNow } from '../sockets.ts';
import { createPoller, runFirst, setPreciseTimers } from '../wan/libc.ts';
import { LoadRecorder } from './load-recorder.ts';
import { LoadSchedule } from './load-schedule.ts';

export interface LoadWorkerData {
  order: LoadOrder;
  /** Word 0: 1 = send no more, 2 = wait for no answer either. */
  stop: SharedArrayBuffer;
}

/** So long it may sleep without a look at whether it is to stop. */
const sleepMaxMs = 20;

const { order, stop } = workerData as LoadWorkerData;
const stopping = new Int32Array(stop);
const fd = openRequester(order.guestAddress, order.port);
const poller = createPoller([fd]);
setPreciseTimers();
// It stands for another machine: guest and agents here aren't to delay it.
runFirst();

const request = Buffer.alloc(serviceRequestBytes);
const answer = Buffer.alloc(Math.max(serviceResponseMaxBytes, serviceHeaderBytes) + 1);
const startedAtMs = monotonicMs();
const recorder = new LoadRecorder(order, startedAtMs);
const schedule = new LoadSchedule(order, order.seed, startedAtMs);

const sendDue = (): void => {
  for (let nowMs = monotonicMs(); schedule.dueAtMs <= nowMs && !recorder.isFull; nowMs = monotonicMs()) {
    const id = recorder.sent(schedule.dueAtMs, nowMs);
    schedule.next();
    request.writeUInt32LE(id, 0);
    if (!sendNow(fd, request, request.length)) recorder.unsent(id);
  }
};

/** A few at a time: what is due goes out before more is read. */
const readsTogether = 8;
const takeAnswers = (): void => {
  for (let read = 0; read < readsTogether; read++) {
    const length = receiveNow(fd, answer);
    if (length < 0) return;
    recorder.answered(answer, length, monotonicMs());
  }
};

parentPort?.postMessage('ready');
while (Atomics.load(stopping, 0) === 0) {
  sendDue();
  poller.wait(
    Math.min(sleepMaxMs, recorder.isFull ? sleepMaxMs : Math.max(0, schedule.dueAtMs - monotonicMs())),
  );
  if (poller.isReady(0)) takeAnswers();
}
const untilMs = monotonicMs() + order.timeoutMs;
while (!recorder.isSettled && monotonicMs() < untilMs && Atomics.load(stopping, 0) < 2) {
  poller.wait(sleepMaxMs);
  if (poller.isReady(0)) takeAnswers();
}
closeSocket(fd);
parentPort?.postMessage({
  samples: encodeLoadSamples(recorder.samples()),
  full: recorder.isFull,
});

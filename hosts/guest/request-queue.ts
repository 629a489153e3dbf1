/**
 * Requests from the network card to the vCPUs, and answers back, in memory that their threads share. What waits in the queue
 * belongs to the guest, as packets in its memory would: it travels with the device state.
 */
import { serviceOf } from '#catalogue/workloads';
import type { Requests, Service, Taken } from '#catalogue/workload';
import type { GuestConfig } from '#proto/guest';
import { registerWords } from './shared.ts';

/** A request as the card has taken it: its number, and who waits for the answer. */
export interface QueuedRequest {
  id: number;
  /** IPv4, as a number. */
  address: number;
  port: number;
}

const requestWords = 3;
const queueHeadWords = 2;

/** Bytes of the queue that travel behind the registers; 0 of a guest that is no service. */
export const requestQueueBytesOf = ({ workload }: Pick<GuestConfig, 'workload'>): number => {
  const service = serviceOf(workload);
  return service === null ? 0 : (queueHeadWords + service.queuedMost * requestWords) * 4;
};

/**
 * A ring that one thread puts into and any takes from. Words: how many were taken, how many were put in, the requests. An
 * entry isn't reused before it was taken, so whoever wins the count has read what it won.
 */
export class RequestQueue {
  readonly #words: Int32Array;
  readonly #most: number;

  /** @param registers the guest's, with the queue behind those of all its vCPUs */
  constructor(registers: SharedArrayBuffer, vcpus: number, { queuedMost }: Pick<Service, 'queuedMost'>) {
    const offset = vcpus * registerWords * 4;
    this.#words = new Int32Array(registers, offset, queueHeadWords + queuedMost * requestWords);
    this.#most = queuedMost;
  }

  get length(): number {
    return (Atomics.load(this.#words, 1) - Atomics.load(this.#words, 0)) | 0;
  }

  /** @returns whether there was room. */
  put({ id, address, port }: QueuedRequest): boolean {
    const length = this.length;
    // A queue out of the device state may hold anything.
    if (length < 0 || length >= this.#most) return false;
    const put = Atomics.load(this.#words, 1);
    const at = this.#at(put);
    this.#words[at] = id;
    this.#words[at + 1] = address;
    this.#words[at + 2] = port;
    Atomics.store(this.#words, 1, (put + 1) | 0);
    return true;
  }

  /** Null: there is none, or another thread was faster. */
  take(): QueuedRequest | null {
    const taken = Atomics.load(this.#words, 0);
    const length = (Atomics.load(this.#words, 1) - taken) | 0;
    if (length <= 0 || length > this.#most) return null;
    const at = this.#at(taken);
    const request = {
      id: this.#words[at]! >>> 0,
      address: this.#words[at + 1]! >>> 0,
      port: this.#words[at + 2]! & 0xffff,
    };
    return Atomics.compareExchange(this.#words, 0, taken, (taken + 1) | 0) === taken ? request : null;
  }

  #at(count: number): number {
    return queueHeadWords + ((count >>> 0) % this.#most) * requestWords;
  }
}

/** Answers that may wait for the card, of one vCPU: more than it makes in the time in which the card's thread gets a core. */
const answersMost = 1024;
const answersHeadWords = 3;
const answerHeadWords = 4;

const answerWordsOf = ({ accessesPerRequest }: Service): number => answerHeadWords + 2 * accessesPerRequest;

export const answersBytesOf = (service: Service): number =>
  (answersHeadWords + answersMost * answerWordsOf(service)) * 4;

/** An answer as its vCPU has put it together: accesses are page, version, page, version … */
export interface Answer extends QueuedRequest {
  accesses: Int32Array;
}

/** A ring from one vCPU to the network card. Words: taken, put in, whether the card has been told; then the answers. */
export class AnswerRing {
  readonly #words: Int32Array;
  readonly #answerWords: number;

  constructor(shared: SharedArrayBuffer, service: Service) {
    this.#words = new Int32Array(shared);
    this.#answerWords = answerWordsOf(service);
  }

  /** @returns whether the card has to be told; an answer for which there is no room is lost, as in a full ring of a card. */
  put(request: QueuedRequest, accesses: Int32Array, count: number): boolean {
    const put = Atomics.load(this.#words, 1);
    if (((put - Atomics.load(this.#words, 0)) | 0) < answersMost) {
      const at = this.#at(put);
      this.#words[at] = request.id;
      this.#words[at + 1] = request.address;
      this.#words[at + 2] = request.port;
      this.#words[at + 3] = count;
      this.#words.set(accesses.subarray(0, 2 * count), at + answerHeadWords);
      Atomics.store(this.#words, 1, (put + 1) | 0);
    }
    return Atomics.exchange(this.#words, 2, 1) === 0;
  }

  /** All answers that are there; each is the ring's own until the next. */
  *drain(): Generator<Answer> {
    // Before looking: who puts one in afterwards tells again.
    Atomics.store(this.#words, 2, 0);
    for (;;) {
      const taken = Atomics.load(this.#words, 0);
      if (taken === Atomics.load(this.#words, 1)) return;
      const at = this.#at(taken);
      const first = at + answerHeadWords;
      yield {
        id: this.#words[at]! >>> 0,
        address: this.#words[at + 1]! >>> 0,
        port: this.#words[at + 2]!,
        accesses: this.#words.subarray(first, first + 2 * this.#words[at + 3]!),
      };
      Atomics.store(this.#words, 0, (taken + 1) | 0);
    }
  }

  #at(count: number): number {
    return answersHeadWords + ((count >>> 0) % answersMost) * this.#answerWords;
  }
}

/** Requests as one vCPU meets them. @param tell wakes the network card */
export const requestsOf = (
  queue: RequestQueue,
  ring: AnswerRing,
  { accessesPerRequest }: Service,
  tell: () => void,
): Requests => {
  const accesses = new Int32Array(2 * accessesPerRequest);
  let taken: QueuedRequest | null = null;
  let count = 0;
  const request: Taken = {
    note: (page, version) => {
      if (count >= accessesPerRequest) return;
      accesses[2 * count] = page;
      accesses[2 * count + 1] = version;
      count += 1;
    },
  };
  return {
    get isEmpty() {
      return queue.length <= 0;
    },
    take: () => {
      taken = queue.take();
      count = 0;
      return taken === null ? null : request;
    },
    answer: () => {
      if (taken !== null && ring.put(taken, accesses, count)) tell();
      taken = null;
    },
  };
};

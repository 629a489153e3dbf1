import { asError, LivemigError } from '#proto/errors';
import type { Cancel, MigrationClock } from '#hosts/clock';

/**
 * What may depend on an event. Somebody may await it; nobody awaits one in the background, though it may settle
 * promises; a quiet one settles none, so it costs no turn of the event loop.
 */
type Kind = 'awaited' | 'background' | 'quiet';

interface Moment {
  atMs: number;
  /** Of two at the same time, the one set first comes first. */
  order: number;
  act: () => void;
  kind: Kind;
  isOver: boolean;
}

/** A turn of the event loop, which settles every promise that can be settled; it takes no virtual time. */
const nextTurn = (act: () => void): void => {
  // eslint-disable-next-line no-restricted-globals -- what comes of it doesn't depend on when it comes
  setImmediate(act);
};

const isBefore = (a: Moment, b: Moment): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/**
 * Time that moves from one event to the next, and only when everything that the last one caused is done: promises that
 * it settled, and work that somebody holds time for. Events come by time, then in the order in which they were set, so
 * a run can be repeated exactly.
 */
export class VirtualClock implements MigrationClock {
  /** A binary heap. */
  readonly #moments: Moment[] = [];
  /** Not 0, which means never. */
  #nowMs = 1000;
  #order = 0;
  #held = 0;
  /** Events to come that somebody may await. */
  #awaited = 0;
  #released: () => void = () => undefined;
  /** Somebody awaits an event. */
  #wanted: () => void = () => undefined;
  /** Events so far. */
  events = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  timer(durationMs: number, act: () => void): Cancel {
    return this.#set(this.#nowMs + durationMs, act, 'awaited');
  }

  background(durationMs: number, act: () => void): Cancel {
    return this.#set(this.#nowMs + durationMs, act, 'background');
  }

  /** A timer for an exact moment: adding up delays would not be exact. */
  at(atMs: number, act: () => void): Cancel {
    return this.#set(atMs, act, 'awaited');
  }

  soon(act: () => void): void {
    this.#set(this.#nowMs, act, 'awaited');
  }

  /** A timer whose action settles no promise and only sets timers: it costs no turn of the event loop. */
  quietly(durationMs: number, act: () => void): Cancel {
    return this.#set(this.#nowMs + durationMs, act, 'quiet');
  }

  async during<T>(work: Promise<T>, virtualMs: number): Promise<T> {
    this.#held++;
    try {
      return await work;
    } finally {
      await new Promise<void>((resolve) => {
        this.timer(virtualMs, resolve);
        this.#held--;
        this.#released();
      });
    }
  }

  #set(atMs: number, act: () => void, kind: Kind): Cancel {
    const moment: Moment = {
      atMs: Math.max(this.#nowMs, atMs),
      order: this.#order++,
      act,
      kind,
      isOver: false,
    };
    this.#push(moment);
    if (kind === 'awaited') {
      this.#awaited++;
      this.#wanted();
    }
    return () => {
      this.#end(moment);
    };
  }

  #end(moment: Moment): void {
    if (moment.isOver) return;
    moment.isOver = true;
    if (moment.kind === 'awaited') this.#awaited--;
  }

  #push(moment: Moment): void {
    const heap = this.#moments;
    let at = heap.length;
    heap.push(moment);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(moment, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = moment;
  }

  #pop(): Moment | undefined {
    const heap = this.#moments;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  #next(): Moment | undefined {
    for (;;) {
      const moment = this.#pop();
      if (moment?.isOver !== true) return moment;
    }
  }

  /** Runs the next event, and quiet ones before it. @throws LivemigError TIMEOUT; whatever an action throws */
  #advance(untilMs: number): void {
    for (;;) {
      const moment = this.#awaited === 0 ? undefined : this.#next();
      if (moment === undefined)
        throw new LivemigError(
          'TIMEOUT',
          'it never ends: nothing is left that could bring about what is awaited',
        );
      if (moment.atMs > untilMs)
        throw new LivemigError(
          'TIMEOUT',
          `it never ends: nothing came of ${untilMs / 1000} s of virtual time`,
        );
      this.#nowMs = moment.atMs;
      this.events++;
      this.#end(moment);
      moment.act();
      if (moment.kind !== 'quiet') return;
    }
  }

  /**
   * Lets time pass until the work is done.
   * @param maxMs of virtual time.
   * @throws what the work does; LivemigError TIMEOUT if it never ends; whatever an action throws
   */
  run<T>(work: Promise<T>, maxMs: number): Promise<T> {
    const untilMs = this.#nowMs + maxMs;
    return new Promise((resolve, reject) => {
      let isOver = false;
      const over = (): void => {
        isOver = true;
        this.#released = () => undefined;
      };
      const turn = (): void => {
        if (isOver || this.#held > 0) return;
        try {
          this.#advance(untilMs);
          nextTurn(turn);
        } catch (error) {
          over();
          reject(asError(error));
        }
      };
      this.#released = () => {
        if (this.#held === 0) nextTurn(turn);
      };
      work.finally(over).then(resolve, reject);
      nextTurn(turn);
    });
  }

  /**
   * Lets time pass from now on, whenever somebody awaits an event and nobody holds it. Otherwise it stands still: what
   * happens meanwhile in real time, such as importing a module, takes none.
   * @param failed is told what an action throws; time stands still then.
   * @returns what stops it for good.
   */
  go(failed: (error: Error) => void): Disposable {
    let isOver = false;
    let isDue = false;
    const turn = (): void => {
      isDue = false;
      if (isOver || this.#held > 0 || this.#awaited === 0) return;
      try {
        this.#advance(Infinity);
        due();
      } catch (error) {
        isOver = true;
        failed(asError(error));
      }
    };
    const due = (): void => {
      if (isDue || isOver) return;
      isDue = true;
      nextTurn(turn);
    };
    this.#released = this.#wanted = due;
    due();
    return {
      [Symbol.dispose]: () => {
        isOver = true;
      },
    };
  }
}

import type { PageSet } from '#hosts/guest/page-set';
import type { Place } from '../strategy-place.ts';
import { placeNow } from '../strategy-place.ts';

export type CallName =
  | 'guest.pause'
  | `pages.${'sendBatch' | 'barrier' | 'fence'}`
  | `destination.${'prime' | 'discard' | 'sendDeviceState' | 'resume' | 'complete'}`
  | 'clock.sleep';

export type ResumeMode = 'complete' | 'postcopy';

/** A call of the session that a strategy has to await. */
export interface Call {
  name: CallName;
  /** Of the order to resume. */
  mode: ResumeMode | null;
  beganAtMs: number;
  /** Null = it is under way. */
  endedAtMs: number | null;
  failure: { error: unknown } | null;
  place: Place | null;
  /** Whether anybody has waited for it. */
  isAwaited: boolean;
  /** A call that was under way when it began. */
  beside: Call | null;
}

/** Something asked of the session that it doesn't have. */
export interface UnknownName {
  /** `limits.hybridRound` */
  path: string;
  name: string;
  known: readonly string[];
  place: Place | null;
}

/** Hears all that a strategy does, for an explanation. */
export interface Ear {
  called: (call: Call) => void;
  unknown: (name: UnknownName) => void;
  /** A call that isn't awaited has thrown. */
  refused: (error: unknown) => void;
  synced: (pages: PageSet) => void;
  discarded: (pages: PageSet) => void;
  served: () => void;
  ordered: (mode: ResumeMode) => void;
  roundEnded: () => void;
}

/** Asked for by the language itself, of anything. */
const asked = new Set(['then', 'toJSON', 'constructor']);

/** The same object; being asked for what it doesn't have is told, and what it throws. */
export const strict = <T extends object>(
  of: T,
  path: string,
  ear: Ear,
  optional: readonly string[] = [],
): T =>
  new Proxy(of, {
    get: (target, key) => {
      if (typeof key === 'string' && !(key in target) && !asked.has(key) && !optional.includes(key)) {
        const prototype = Object.getPrototypeOf(target) as object;
        const known = [...Object.keys(target), ...Object.getOwnPropertyNames(prototype)];
        ear.unknown({ path: `${path}${key}`, name: key, known, place: placeNow() });
      }
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]): unknown => {
        try {
          return Reflect.apply(value, target, given);
        } catch (error) {
          ear.refused(error);
          throw error;
        }
      };
    },
  });

/**
 * Notes whether a promise is waited for. It has a constructor of its own, so `await` asks for `then` instead of reading it
 * directly.
 */
export const noticing = <T>(promise: Promise<T>, awaited: () => void): Promise<T> => {
  const then = promise.then.bind(promise);
  const noticed: Promise<T>['then'] = (...handlers) => {
    awaited();
    return then(...handlers);
  };
  return Object.defineProperties(promise, { then: { value: noticed }, constructor: { value: {} } });
};

import type { Observable, Subscription } from 'rxjs';
import type { ToldEvent } from '#proto/control-service';
import type { MigrationStatus } from '#proto/strategy';
import { finalStatuses } from '#proto/strategy';
import type { Occasion } from '../../timeline/moment.ts';

/** When the occasions of a timeline come, by the events of the source. */
export interface Occasions extends Disposable {
  /** Resolves with the moment when it comes, which may never be. */
  comes(occasion: Occasion): Promise<number>;
  /** Resolves when the source says that the migration has ended, which may never be. */
  readonly ended: Promise<void>;
  /** How far it came, in words. */
  readonly told: string;
}

const keyOf = (occasion: Occasion): string =>
  occasion.kind === 'start'
    ? 'start'
    : occasion.kind === 'round'
      ? `round ${occasion.round}`
      : occasion.status;

/** @param started the moment of the order to migrate. */
export const occasionsOf = (events: Observable<ToldEvent>, started: Promise<number>): Occasions => {
  const awaited = new Map<string, PromiseWithResolvers<number>>();
  const ended = Promise.withResolvers<undefined>();
  let rounds = 0;
  let status: MigrationStatus = 'none';
  const of = (key: string): PromiseWithResolvers<number> => {
    const known = awaited.get(key) ?? Promise.withResolvers<number>();
    awaited.set(key, known);
    return known;
  };
  const come = (occasion: Occasion, atMs: number): void => {
    of(keyOf(occasion)).resolve(atMs);
  };
  started.then((atMs) => {
    come({ kind: 'start' }, atMs);
  }, () => undefined); // prettier-ignore
  const subscription: Subscription = events.subscribe((event) => {
    if (event.type === 'status') {
      ({ status } = event);
      come({ kind: 'status', status }, event.atMs);
      if (status === 'active') come({ kind: 'round', round: 1 }, event.atMs);
      if (finalStatuses.includes(status)) ended.resolve(undefined);
    }
    // What comes after the switchover is no round of pre-copy.
    if (event.type === 'round' && event.phase === 'precopy') {
      rounds = event.round;
      come({ kind: 'round', round: event.round + 1 }, event.atMs);
    }
  });
  return {
    comes: (occasion) => of(keyOf(occasion)).promise,
    ended: ended.promise,
    get told() {
      const ofRounds =
        rounds === 0 ? '' : `, after ${rounds} ${rounds === 1 ? 'round' : 'rounds'} of pre-copy`;
      return `the migration ended before that: ${status}${ofRounds}`;
    },
    [Symbol.dispose]: () => {
      subscription.unsubscribe();
    },
  };
};

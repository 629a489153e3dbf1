import type { Observable } from 'rxjs';
import { Subject } from 'rxjs';

/** Something under way: a promise of how it ends, and what happens until then. */
export type Observed<Outcome, Event> = Promise<Outcome> & {
  /** Completes when the promise settles, and never fails. Subscribe at once: nothing is repeated to late-comers. */
  readonly events: Observable<Event>;
};

/** Starts something, as soon as its caller has had the chance to subscribe. */
export const observed = <Outcome, Event>(
  begin: (events: Subject<Event>) => Promise<Outcome>,
): Observed<Outcome, Event> => {
  const events = new Subject<Event>();
  const outcome = Promise.resolve(events)
    .then(begin)
    .finally(() => {
      events.complete();
    });
  return Object.assign(outcome, { events: events.asObservable() });
};

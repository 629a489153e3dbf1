import { merge, Subscription } from 'rxjs';
import type { AgentEvent } from '#proto/events';
import { linkCutsOf, roundsOf } from '#harness/measure/series';
import type { RunActor } from '../actor.ts';

/** Keeps what the agents tell, passes it on to whoever watches the run, and notes where the guest is. */
export const events = () => {
  const told: AgentEvent[] = [];
  const subscription = new Subscription();
  return {
    from: 'link',
    until: 'verify',
    start: async ({ clients, guests, events: watcher }) => {
      const { source, destination, wan } = clients;
      subscription.add(
        merge(source.events, destination.events, wan.events).subscribe((event) => {
          told.push(event);
          const about = guests.filter(({ id }) => (event.guestId ?? id) === id).map(({ trace }) => trace);
          if (event.type === 'status') for (const trace of about) trace.status = event.status;
          if (
            event.type === 'guest' &&
            event.host === 'destination' &&
            (event.running || event.operations > 0)
          )
            for (const trace of about) trace.ranAtDestination = true;
          watcher?.next(event);
        }),
      );
    },
    stop: async ({ record: { guest, evidence } }) => {
      subscription.unsubscribe();
      const startedAtMs = guest.source?.timeline.startedAtMs ?? 0;
      const rounds = told.filter((event) => event.type === 'round');
      evidence.rounds = roundsOf(rounds, startedAtMs);
      evidence.linkCuts = linkCutsOf(told, startedAtMs);
    },
    collect: async (): Promise<readonly AgentEvent[]> => told,
  } satisfies RunActor;
};

import type { TrafficCounters } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { LinkCounters } from '#proto/link';
import { mtuBytesOf } from '#proto/link';
import type { LinkSamples } from '#proto/link-samples';
import { decodeLinkSamples } from '#proto/link-samples';
import type { RouterEvidence } from '#harness/measure/measure';
import type { RunActor } from '../actor.ts';
import type { Run } from '../context.ts';
import { countedFlowsOf } from '../counted-flows.ts';

/** Fine enough for a timeline; each costs the router some 50 µs. */
const sampleIntervalMs = 50;

/** Null of a run that has nothing beside the migration. */
const trafficCounted = async ({
  clients: { wan },
  scenario,
  profile,
}: Run): Promise<TrafficCounters | null> =>
  countedFlowsOf(scenario, mtuBytesOf(profile)).length === 0 ? null : wan.call('trafficCounters', {});

/** What the router counts on the link, and when it moved the guest's route. */
export const router = () => {
  let before: LinkCounters | null = null;
  let after: LinkCounters | null = null;
  let traffic: { before: TrafficCounters | null; after: TrafficCounters | null } = {
    before: null,
    after: null,
  };
  let linkSamples: LinkSamples | null = null;
  return {
    from: 'migrate',
    until: 'collect',
    start: async (run) => {
      const { wan } = run.clients;
      before = await wan.call('linkCounters', {});
      traffic = { before: await trafficCounted(run), after: null };
      await wan.call('startLinkSamples', { intervalMs: sampleIntervalMs });
    },
    stop: async (run) => {
      const { wan } = run.clients;
      const { blob } = await wan.callWithBlob('stopLinkSamples', {});
      linkSamples = decodeLinkSamples(blob);
      after = await wan.call('linkCounters', {});
      traffic = { ...traffic, after: await trafficCounted(run) };
      // The next run of a kept router pays nothing for it.
      if (traffic.after !== null) await wan.call('countTraffic', { flows: [] });
    },
    collect: async ({ clients: { wan }, guests: [guest] }): Promise<RouterEvidence> => {
      if (before === null || after === null || linkSamples === null)
        throw new LivemigError('INTERNAL', 'expected counters from before the migration and after it');
      const { atMs } = await wan.call(
        'guestRouteMoved',
        {},
        guest === undefined ? {} : { guestId: guest.id },
      );
      const counted =
        traffic.before === null || traffic.after === null
          ? {}
          : { traffic: { before: traffic.before, after: traffic.after } };
      return { counters: { before, after }, ...counted, linkSamples, routeMovedAtMs: atMs };
    },
  } satisfies RunActor;
};

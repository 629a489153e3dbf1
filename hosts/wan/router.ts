import { Subject } from 'rxjs';
import { LivemigError } from '../../proto/errors.ts';
import type { AgentEvent } from '../../proto/events.ts';
import type { BackendName } from '../../proto/link.ts';
import { encodeLinkSamples } from '../../proto/link-samples.ts';
import { Orders } from '../orders.ts';
import type { Role } from '../role.ts';
import type { LinkBackend } from './backend.ts';
import { cutBetween } from './cut.ts';
import { GuestRouter } from './guest-route.ts';
import { findInterfaces } from './interfaces.ts';
import { LinkSampler } from './link-sampler.ts';
import { createNetemBackend } from './netem.ts';
import { createNfqueueBackend } from './nfqueue.ts';

/** Orders that take time have their part of the router for themselves: the link, the cut, the guest's route. */
const partFor = <Order extends string>(orders: readonly Order[]): Orders<'open' | 'closed', Order> =>
  new Orders<'open' | 'closed', Order>(
    'the router',
    {
      phases: { open: 'its links', closed: 'nothing, as it is closing' },
      orders: Object.fromEntries(orders.map((order) => [order, ['open']])) as Record<Order, ['open']>,
    },
    'open',
  );

/** The router between the sites: shapes the link, counts what crosses it, owns the route to the guest. */
export const createRouter = (): Role => {
  const backends: Record<BackendName, LinkBackend> = {
    netem: createNetemBackend(),
    nfqueue: createNfqueueBackend(),
  };
  const guestRouter = new GuestRouter();
  const link = partFor(['probeBackends', 'applyLink']);
  const cut = partFor(['cutLink']);
  const guestRoute = partFor(['routeGuest']);
  const closing = new AbortController();
  let active: LinkBackend | undefined;
  let sampler: LinkSampler | undefined;
  const events = new Subject<AgentEvent>();

  const theLink = (): LinkBackend => {
    if (active === undefined)
      throw new LivemigError(
        'LINK_NOT_APPLIED',
        'expected a link to have been applied before its counters are read',
      );
    return active;
  };

  return {
    events,
    handlers: {
      probeBackends: () =>
        link.exclusively('probeBackends', () =>
          Promise.all(
            Object.values(backends).map(async (backend) => ({
              backend: backend.name,
              ...(await backend.probe()),
            })),
          ),
        ),
      applyLink: ({ profile, backend, delayCorrectionMs, interfaces }) =>
        link.exclusively('applyLink', async () => {
          const wanted = backends[backend];
          if (active !== undefined && active !== wanted) await active.remove();
          // A link that failed to apply is no link: counters must then refuse, too.
          active = undefined;
          const applied = await wanted.apply(profile, findInterfaces(interfaces), delayCorrectionMs);
          active = wanted;
          return applied;
        }),
      cutLink: ({ between, durationMs }) =>
        cut.exclusively('cutLink', async () => {
          await cutBetween(
            between,
            durationMs,
            (event) => {
              events.next(event);
            },
            closing.signal,
          );
          return {};
        }),
      linkCounters: async () => theLink().counters(),
      startLinkSamples: async ({ intervalMs }) => {
        // Those of a migration that failed, which nobody asked for.
        sampler?.close();
        sampler = new LinkSampler(theLink().bottlenecks(), intervalMs);
        return {};
      },
      stopLinkSamples: async () => {
        const ended = sampler;
        sampler = undefined;
        if (ended === undefined)
          throw new LivemigError('ILLEGAL_PHASE', 'no samples are taken; call startLinkSamples first');
        const samples = ended.stop();
        return { result: { count: samples.atMs.length }, blob: encodeLinkSamples(samples) };
      },
      routeGuest: (route) =>
        guestRoute.exclusively('routeGuest', async () => ({ port: await guestRouter.route(route) })),
      guestRouteMoved: async () => ({ atMs: guestRouter.movedAtMs }),
    },
    close: async () => {
      const parts = [link, cut, guestRoute];
      for (const part of parts) part.phase = 'closed';
      closing.abort();
      // What is half made can't be removed.
      await Promise.all(parts.map((part) => part.idle()));
      guestRouter.close();
      sampler?.close();
      for (const backend of Object.values(backends)) await backend.remove();
    },
  };
};

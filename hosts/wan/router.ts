import { Subject } from 'rxjs';
import { LivemigError } from '#proto/errors';
import type { AgentEvent } from '#proto/events';
import type { KernelBackendName } from '#proto/link';
import { defaultGuestId } from '../addressed.ts';
import { Orders } from '../orders.ts';
import type { Role } from '../role.ts';
import type { LinkBackend } from './backend.ts';
import { cutBetween } from './cut.ts';
import { createDeviceMtu } from './device-mtu.ts';
import { trafficCounting } from './traffic-counting.ts';
import { GuestRouter } from './guest-route.ts';
import { findInterfaces } from './interfaces.ts';
import { LinkSampler } from './link-sampler.ts';
import { linkSampling } from './link-sampling.ts';
import { createNetemBackend } from './netem.ts';
import { createNfqueueBackend } from './nfqueue.ts';
import { QdiscCounters } from './qdisc-counters.ts';

/** Orders that take time have their part of the router to themselves: the link, the cut, the guest's route. */
const partFor = <Order extends string>(orders: readonly Order[]): Orders<'open' | 'closed', Order> =>
  new Orders<'open' | 'closed', Order>(
    'the router',
    {
      phases: { open: 'its links', closed: 'nothing, as it is closing' },
      orders: Object.fromEntries(orders.map((order) => [order, ['open']])) as Record<Order, ['open']>,
    },
    'open',
  );

/** The router between the sites: shapes the link, counts what crosses it, owns the routes to the guests. */
export const createRouter = (): Role => {
  const backends: Record<KernelBackendName, LinkBackend> = {
    netem: createNetemBackend(),
    nfqueue: createNfqueueBackend(),
  };
  const mtu = createDeviceMtu();
  const guestRouter = new GuestRouter();
  const link = partFor(['probeBackends', 'applyLink']);
  const cut = partFor(['cutLink']);
  const guestRoute = partFor(['routeGuest']);
  const closing = new AbortController();
  let active: LinkBackend | undefined;
  let restoring = new AbortController();
  const events = new Subject<AgentEvent>();

  const theLink = (): LinkBackend => {
    if (active === undefined)
      throw new LivemigError(
        'LINK_NOT_APPLIED',
        'expected a link to have been applied before its counters are read',
      );
    return active;
  };
  const sampling = linkSampling((intervalMs) => {
    const { sourceToDestination, destinationToSource } = theLink().bottlenecks();
    return new LinkSampler(new QdiscCounters([sourceToDestination, destinationToSource]), intervalMs);
  });

  const traffic = trafficCounting(() => theLink().bottlenecks());

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
      applyLink: ({ profile, backend, interfaces, ...how }) =>
        link.exclusively('applyLink', async () => {
          if (backend === 'virtual-time')
            throw new LivemigError(
              'UNSUPPORTED',
              `${backend}: a router of real time has ${Object.keys(backends).join(' and ')}`,
            );
          const wanted = backends[backend];
          const isInUse = how.isLive === true && active === wanted;
          if (how.isLive === true && !isInUse)
            throw new LivemigError('LINK_NOT_APPLIED', `expected a link of ${backend} that is in use, there is none`); // prettier-ignore
          if (active !== undefined && active !== wanted) await active.remove();
          // One that is in use is counted on.
          if (!isInUse) active = undefined;
          const ports = findInterfaces(interfaces);
          const { mtuBytes } = profile.sourceToDestination;
          try {
            await mtu.apply(ports.towardsDestination, mtuBytes);
            const { readBack, ...applied } = await wanted.apply(profile, ports, how);
            active = wanted;
            const told = mtuBytes === undefined ? '' : `; mtu ${mtuBytes}`;
            return {
              ...applied,
              readBack: {
                sourceToDestination: readBack.sourceToDestination + told,
                destinationToSource: readBack.destinationToSource + told,
              },
            };
          } catch (error) {
            // A link that failed to apply is not a link: counters must then refuse too.
            active = undefined;
            throw error;
          }
        }),
      cutLink: ({ between, durationMs }) =>
        cut.exclusively('cutLink', async () => {
          restoring = new AbortController();
          await cutBetween(
            between,
            durationMs,
            (event) => {
              events.next(event);
            },
            AbortSignal.any([closing.signal, restoring.signal]),
          );
          return {};
        }),
      restoreLink: async () => {
        restoring.abort();
        await cut.idle();
        return {};
      },
      linkCounters: async () => theLink().counters(),
      ...sampling.handlers,
      ...traffic.handlers,
      routeGuest: (route, _blob, whom) =>
        guestRoute.exclusively('routeGuest', async () => ({
          port: await guestRouter.route(whom?.guestId ?? defaultGuestId, route),
        })),
      guestRouteMoved: async (_argument, _blob, whom) => ({
        atMs: guestRouter.movedAtMs(whom?.guestId ?? defaultGuestId),
      }),
    },
    close: async () => {
      const parts = [link, cut, guestRoute];
      for (const part of parts) part.phase = 'closed';
      closing.abort();
      // A half-made link can't be removed.
      await Promise.all(parts.map((part) => part.idle()));
      guestRouter.close();
      sampling.close();
      traffic.close();
      for (const backend of Object.values(backends)) await backend.remove();
      await mtu.restore();
    },
  };
};

import { Subject } from 'rxjs';
import { defaultJitterDistribution } from '#catalogue/jitter-distributions';
import type { AgentEvent } from '#proto/events';
import { LivemigError } from '#proto/errors';
import type { DirectionCounters, LinkDirection, LinkProfile } from '#proto/link';
import type { Role } from '#hosts/role';
import { LinkSampler } from '#hosts/wan/link-sampler';
import { linkSampling } from '#hosts/wan/link-sampling';
import { unmodelled } from './modelled.ts';
import type { ModelLink } from './model-link.ts';
import type { ModelNetwork } from './model-network.ts';

/** The router hears announcements as they are made; the port is for the protocol's sake. */
const announcePort = 7005;

const directionText = (direction: LinkDirection, correctionMs: number): string => {
  const { rateMbps, delayMs, jitterMs, bufferMs } = direction;
  const { jitterDistribution = defaultJitterDistribution } = direction;
  const jitter = jitterMs > 0 ? `, jitter ${jitterMs} ms ${jitterDistribution}` : '';
  return `model: rate ${rateMbps} Mb/s, delay ${Math.max(0, delayMs - correctionMs)} ms${jitter}, queue ${bufferMs} ms of the rate`;
};

const demandModelled = (profile: LinkProfile): void => {
  const lacking = unmodelled(profile);
  if (lacking.length > 0)
    throw new LivemigError(
      'UNSUPPORTED',
      `virtual-time: ${lacking.join(', ')} of ${profile.name}: the model has no packets, and no TCP that would repair what ` +
        'becomes of them; leave it out, or take driver netns or docker, with backend netem or nfqueue',
    );
};

/** The router of a modelled network: shapes the links, counts what enters them, and knows where the guest is. */
export const createModelRouter = (network: ModelNetwork): Role => {
  const { clock, sourceToDestination, destinationToSource, addresses } = network;
  const events = new Subject<AgentEvent>();
  const closing = new AbortController();
  let isShaped = false;
  let restoring: AbortController | null = null;

  const demandLink = (): void => {
    if (!isShaped)
      throw new LivemigError(
        'LINK_NOT_APPLIED',
        'expected a link to have been applied before its counters are read',
      );
  };
  const sampling = linkSampling((intervalMs) => {
    demandLink();
    const read = (): number[] => [sourceToDestination.bytes, destinationToSource.bytes];
    return new LinkSampler({ read, close: () => undefined }, intervalMs, clock);
  });
  const countersOf = ({ bytes, packets }: ModelLink): DirectionCounters => ({ bytes, packets, dropped: 0 });

  return {
    events,
    handlers: {
      probeBackends: async () => [{ backend: 'virtual-time', supported: true, reason: 'a model' }],
      applyLink: async ({ profile, backend, delayCorrectionMs, seed }) => {
        if (backend !== 'virtual-time')
          throw new LivemigError('UNSUPPORTED', `${backend}: a router in virtual time has virtual-time only`);
        demandModelled(profile);
        network.shape(profile, delayCorrectionMs, seed);
        isShaped = true;
        return {
          backend,
          profile: profile.name,
          readBack: {
            sourceToDestination: directionText(profile.sourceToDestination, delayCorrectionMs),
            destinationToSource: directionText(profile.destinationToSource, delayCorrectionMs),
          },
        };
      },
      cutLink: async ({ between, durationMs }) => {
        if (restoring !== null)
          throw new LivemigError(
            'ILLEGAL_PHASE',
            'cutLink: expected a whole link, it is cut: wait for its end',
          );
        if (![addresses.source, addresses.destination].every((address) => between.includes(address)))
          throw new LivemigError('UNSUPPORTED', 'cutLink: the model cuts the link between source and destination only'); // prettier-ignore
        restoring = new AbortController();
        const startedAtMs = clock.nowMs();
        events.next({ type: 'cut', atMs: startedAtMs, plannedMs: durationMs });
        await network.cut(durationMs, AbortSignal.any([closing.signal, restoring.signal]));
        restoring = null;
        events.next({ type: 'cut-ended', atMs: clock.nowMs(), startedAtMs });
        return {};
      },
      restoreLink: async () => {
        restoring?.abort();
        return {};
      },
      linkCounters: async () => {
        demandLink();
        return {
          sourceToDestination: countersOf(sourceToDestination),
          destinationToSource: countersOf(destinationToSource),
        };
      },
      ...sampling.handlers,
      routeGuest: async ({ guestAddress, source }) => {
        const at = network.siteAt(source);
        if (at === null)
          throw new LivemigError(
            'TESTBED_FAILED',
            `routeGuest: expected the address of a site, got ${source}`,
          );
        network.routeGuest(guestAddress, at);
        return { port: announcePort };
      },
      guestRouteMoved: async () => ({ atMs: network.guestMovedAtMs }),
    },
    close: async () => {
      closing.abort();
      sampling.close();
      events.complete();
    },
  };
};

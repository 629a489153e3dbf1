import { datagramMaxBytesOf } from '#proto/frames';
import type { LinkProfile } from '#proto/link';
import { mtuBytesOf } from '#proto/link';
import { offeredMbps } from '#proto/traffic';
import { loadProfile } from '../profiles.ts';
import { isSimulated } from '../testbed/testbed.ts';
import type { CrossCheck } from './cross-check.ts';

/** The profile, if it is a sound one: what is wrong with a file is told by whoever reads it. */
const profileOf = (link: string): LinkProfile | null => {
  try {
    return loadProfile(link);
  } catch {
    return null;
  }
};

/** Rules over traffic beside the migration. */
export const trafficChecks: readonly CrossCheck[] = [
  {
    reads: ['driver', 'traffic'],
    problem: ({ driver, traffic = [] }) =>
      isSimulated(driver) && traffic.length > 0
        ? `traffic: driver ${driver} models no traffic beside the migration: leave it out, or take driver netns or docker`
        : undefined,
  },
  {
    reads: ['traffic'],
    problem: ({ traffic = [] }) =>
      traffic.flatMap(({ kind, windowBytes, packetBytes }) =>
        kind === 'ping' && windowBytes !== 'auto' && windowBytes < packetBytes
          ? [`traffic: windowBytes: expected at least one packet of ${packetBytes} bytes, got ${windowBytes}`]
          : [],
      ),
  },
  {
    reads: ['link', 'traffic'],
    problem: ({ link, traffic = [] }) => {
      const profile = traffic.length === 0 ? null : profileOf(link);
      if (profile === null) return undefined;
      const most = datagramMaxBytesOf(mtuBytesOf(profile));
      return traffic.flatMap(({ kind, packetBytes }) =>
        kind !== 'tcp' && packetBytes > most
          ? [
              `traffic: packetBytes: expected at most ${most} over a link with an MTU of ${mtuBytesOf(profile)}, got ${packetBytes}: ` +
                'its datagrams would be fragmented',
            ]
          : [],
      );
    },
  },
  {
    reads: ['link', 'traffic'],
    problem: ({ link, traffic = [] }) => {
      const profile = traffic.length === 0 ? null : profileOf(link);
      if (profile === null) return undefined;
      return (['sourceToDestination', 'destinationToSource'] as const).flatMap((way) => {
        const { rateMbps } = profile[way];
        const offered = offeredMbps(traffic, way === 'sourceToDestination' ? 'destination' : 'source');
        return offered > rateMbps
          ? [
              `traffic: ${offered} Mb/s offered ${way === 'sourceToDestination' ? 'to the destination' : 'to the source'} ` +
                `over a link of ${rateMbps} Mb/s, which never carries it`,
            ]
          : [];
      });
    },
  },
];

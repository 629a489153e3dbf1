import { guestServicePort } from '#proto/control';
import type { TrafficFlow } from '#proto/control';
import { datagramHeaderBytes, segmentHeaderBytes, segmentPayloadBytes } from '#proto/frames';
import { serviceRequestBytes } from '#proto/service';
import { storagePort } from '#proto/storage';
import type { TrafficConfig } from '#proto/traffic';
import { trafficPort } from '#proto/traffic';
import type { Scenario } from '../scenario.ts';
import { needsStorage } from './needs-storage.ts';

export const trafficPortOf = (nth: number): number => trafficPort + nth;

const ofTraffic = ({ kind, packetBytes }: TrafficConfig, nth: number): TrafficFlow =>
  kind === 'tcp'
    ? {
        protocol: 'tcp',
        port: trafficPortOf(nth),
        headerBytes: segmentHeaderBytes,
        payloadBytes: segmentPayloadBytes,
      }
    : {
        protocol: 'udp',
        port: trafficPortOf(nth),
        headerBytes: datagramHeaderBytes,
        payloadBytes: packetBytes,
      };

/** Answers don't cross the link: the observer is beside the router. */
const requests: TrafficFlow = {
  protocol: 'udp',
  port: guestServicePort,
  headerBytes: datagramHeaderBytes,
  payloadBytes: serviceRequestBytes,
};

/** Of the disk on the storage host, once its guest runs at the other site. */
const diskRequests: TrafficFlow = {
  protocol: 'tcp',
  port: storagePort,
  headerBytes: segmentHeaderBytes,
  payloadBytes: segmentPayloadBytes,
};

/** What passes the link besides the migration and the pings; the router counts it apart. */
export const countedFlowsOf = ({
  traffic = [],
  load,
  guest,
}: Pick<Scenario, 'traffic' | 'load' | 'guest'>): TrafficFlow[] => [
  ...traffic.map(ofTraffic),
  ...(load === undefined ? [] : [requests]),
  ...(needsStorage({ guest }) ? [diskRequests] : []),
];

import { guestServicePort } from '#proto/control';
import type { TrafficFlow } from '#proto/control';
import { datagramHeaderBytes, segmentHeaderBytes, segmentPayloadBytesOf } from '#proto/frames';
import { serviceRequestBytes } from '#proto/service';
import { storagePort } from '#proto/storage';
import type { TrafficConfig } from '#proto/traffic';
import { trafficPort } from '#proto/traffic';
import type { Scenario } from '../scenario.ts';
import { needsStorage } from './needs-storage.ts';

export const trafficPortOf = (nth: number): number => trafficPort + nth;

const ofTraffic = ({ kind, packetBytes }: TrafficConfig, nth: number, mtuBytes: number): TrafficFlow =>
  kind === 'tcp'
    ? {
        protocol: 'tcp',
        port: trafficPortOf(nth),
        headerBytes: segmentHeaderBytes,
        payloadBytes: segmentPayloadBytesOf(mtuBytes),
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
const diskRequests = (mtuBytes: number): TrafficFlow => ({
  protocol: 'tcp',
  port: storagePort,
  headerBytes: segmentHeaderBytes,
  payloadBytes: segmentPayloadBytesOf(mtuBytes),
});

/** What passes the link besides the migration and the pings; the router counts it apart. @param mtuBytes the link's */
export const countedFlowsOf = (
  { traffic = [], load, guest }: Pick<Scenario, 'traffic' | 'load' | 'guest'>,
  mtuBytes: number,
): TrafficFlow[] => [
  ...traffic.map((config, nth) => ofTraffic(config, nth, mtuBytes)),
  ...(load === undefined ? [] : [requests]),
  ...(needsStorage({ guest }) ? [diskRequests(mtuBytes)] : []),
];

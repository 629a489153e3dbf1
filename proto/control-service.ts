import type { ServiceDefinition } from '@grpc/grpc-js';
import { eventCodec, requestCodec, responseCodec } from './control-codec.ts';
import { LivemigError } from './errors.ts';
import type { Heartbeat, Leased } from './lease.ts';
import { diskMaxBytes, ramMaxBytes, sectorBytes } from './guest.ts';
import { codecOf, loadProto } from './load.ts';
import { strategyTextMaxBytes } from './strategy.ts';
import { pageSizeBytes } from './units.ts';

export type { Whom } from './control.ts';
export type { ControlRequest, ControlResponse, ToldEvent } from './control-codec.ts';

/** Version of control.proto and of its values' bounds. Both sides send theirs with every call and with the lease. */
export const controlContract = 17;

/** @param theirs 0 = the peer named none. */
export const contractMismatch = (who: string, theirs: number): LivemigError =>
  new LivemigError(
    'VERSION_MISMATCH',
    `expected version ${controlContract} of the management plane's contract, ${who} speaks ` +
      `${theirs === 0 ? 'none that has a version' : `version ${theirs}`}: ` +
      'run harness and agents from the same livemig (restart agents, rebuild their image)',
  );

const root = loadProto('control.proto');
const subscription = codecOf<object>(root, 'livemig.control.v1.Subscription');
const heartbeat = codecOf<Heartbeat>(root, 'livemig.control.v1.Heartbeat');
const leased = codecOf<Leased>(root, 'livemig.control.v1.Leased');

/** The management service of control.proto for grpc-js. */
export const controlService = {
  call: {
    path: '/livemig.control.v1.Agent/Call',
    requestStream: false,
    responseStream: false,
    requestSerialize: requestCodec.serialize,
    requestDeserialize: requestCodec.deserialize,
    responseSerialize: responseCodec.serialize,
    responseDeserialize: responseCodec.deserialize,
  },
  events: {
    path: '/livemig.control.v1.Agent/Events',
    requestStream: false,
    responseStream: true,
    requestSerialize: subscription.serialize,
    requestDeserialize: subscription.deserialize,
    responseSerialize: eventCodec.serialize,
    responseDeserialize: eventCodec.deserialize,
  },
  lease: {
    path: '/livemig.control.v1.Agent/Lease',
    requestStream: true,
    responseStream: true,
    requestSerialize: heartbeat.serialize,
    requestDeserialize: heartbeat.deserialize,
    responseSerialize: leased.serialize,
    responseDeserialize: leased.deserialize,
  },
} satisfies ServiceDefinition;

/** In UTF-8, a JavaScript character takes at most three bytes. */
const encodedBytes = 3;
/** The longest argument has a strategy's text, plus the other fields. */
export const controlArgumentMaxBytes = encodedBytes * strategyTextMaxBytes + (64 << 10);
/** A version takes four bytes: the ledger of 16 GiB of RAM and 128 GiB of disk is 144 MiB. */
const ledgerMaxBytes = 4 * (ramMaxBytes / pageSizeBytes + diskMaxBytes / sectorBytes);
export const controlRequestMaxBytes = ledgerMaxBytes + controlArgumentMaxBytes;
/** The observer's samples take less, at most 30 MB. */
export const controlResponseMaxBytes = ledgerMaxBytes + (64 << 10);

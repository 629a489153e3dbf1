import type { ServiceDefinition } from '@grpc/grpc-js';
import type { Heartbeat, Leased } from './lease.ts';
import { codecOf, loadProto } from './load.ts';

/** `json` and `error` are alternatives; `blob` is empty where there is none. */
export interface ControlRequest {
  method: string;
  json: string;
  blob?: Buffer;
}
export interface ControlResponse {
  json?: string;
  error?: string;
  blob?: Buffer;
}
export interface ControlEvent {
  json: string;
}

const root = loadProto('control.proto');
const request = codecOf<ControlRequest>(root, 'livemig.control.v1.Request');
const response = codecOf<ControlResponse>(root, 'livemig.control.v1.Response');
const subscription = codecOf<object>(root, 'livemig.control.v1.Subscription');
const event = codecOf<ControlEvent>(root, 'livemig.control.v1.Event');
const heartbeat = codecOf<Heartbeat>(root, 'livemig.control.v1.Heartbeat');
const leased = codecOf<Leased>(root, 'livemig.control.v1.Leased');

/** The management service of control.proto for grpc-js. */
export const controlService = {
  call: {
    path: '/livemig.control.v1.Agent/Call',
    requestStream: false,
    responseStream: false,
    requestSerialize: request.serialize,
    requestDeserialize: request.deserialize,
    responseSerialize: response.serialize,
    responseDeserialize: response.deserialize,
  },
  events: {
    path: '/livemig.control.v1.Agent/Events',
    requestStream: false,
    responseStream: true,
    requestSerialize: subscription.serialize,
    requestDeserialize: subscription.deserialize,
    responseSerialize: event.serialize,
    responseDeserialize: event.deserialize,
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

/** A strategy's text of 512 KiB, with every character escaped at worst, and what stands around it. */
export const controlJsonMaxBytes = 2 << 20;
/** The ledger of a 16 GiB guest is 16 MiB. */
export const controlRequestMaxBytes = (16 << 20) + controlJsonMaxBytes;
/** The observer's samples are 30 MB at most. */
export const controlResponseMaxBytes = 64 << 20;

import type { ServiceDefinition } from '@grpc/grpc-js';
import { bulkCodec } from './bulk.ts';
import type { BulkMessage, OutgoingBulkMessage } from './bulk.ts';
import type { AgreedCapability } from './capabilities.ts';
import { codeOf, errorCodes, LivemigError, messageOf } from './errors.ts';
import { codecOf, loadProto } from './load.ts';
import { reasonMax } from './migration-bounds.ts';

export * from './migration-bounds.ts';

/** The protocol's version; peers of another one are refused. 3: capabilities, 4: recovery, 5: phases and bounds, registers last. */
export const migrationVersion = 5;

export interface Abort {
  code: string;
  reason: string;
}

/** Why one end leaves, as it tells the other: no longer than that takes it. */
export const abortFor = (error: unknown): Abort => ({
  code: codeOf(error),
  reason: messageOf(error).slice(0, reasonMax),
});

/** A peer's Abort as an error; a code that isn't of the closed list is a violation of the protocol by itself. */
export const abortedBy = (peer: 'source' | 'destination', { code, reason }: Abort): LivemigError =>
  new LivemigError(
    errorCodes.find((known) => known === code) ?? 'PROTOCOL_VIOLATION',
    `the ${peer} aborted: ${reason.slice(0, reasonMax)}`,
  );

export interface DestinationHello {
  version: number;
  migrationId: string;
  /** Names of the capabilities that it knows. */
  capabilities: string[];
  /** The connection was lost; this is another one for the same migration. */
  recovers: boolean;
  /** The order to resume has arrived. */
  resumed: boolean;
}

/** A part of a guest's state that travels in blocks: its RAM (region 0, whose blocks are its pages), or a disk. */
export interface RegionShape {
  readonly id: number;
  readonly name: string;
  readonly blockSizeBytes: number;
  readonly blockCount: number;
}

/** The destination's guest waits for a block of a region. */
export interface PageRequest {
  region: number;
  page: number;
}

export interface SourceHello {
  version: number;
  migrationId: string;
  regions: RegionShape[];
  vcpus: number;
  deviceStateBytes: number;
  channels: number;
  faultsInStream: boolean;
  capabilities: AgreedCapability[];
}

export type FromSource =
  | { hello: SourceHello }
  | { barrier: { id: number; after: number[] } }
  | { allPagesSent: { after: number[]; pages: number } }
  | { abort: Abort };

export type FromDestination =
  | { hello: DestinationHello }
  | { ready: Record<string, never> }
  | { receipt: { channel: number; sequence: number } }
  | { barrierReached: { id: number } }
  | { resumed: Record<string, never> }
  | { completed: { pages: number } }
  | { received: { region: number; firstPage: number; bitmap: Buffer } }
  | { abort: Abort };

export interface OpenChannel {
  migrationId: string;
  channel: number;
}
export type FaultMessage = { migrationId: string } | { request: PageRequest };

const root = loadProto('migration.proto');
const name = 'livemig.migration.v1';
const fromSource = codecOf<FromSource>(root, `${name}.FromSource`);
const fromDestination = codecOf<FromDestination>(root, `${name}.FromDestination`);
const openChannel = codecOf<OpenChannel>(root, `${name}.OpenChannel`);
const faultMessage = codecOf<FaultMessage>(root, `${name}.FaultMessage`);

/** The migration service of migration.proto for grpc-js. */
export const migrationService = {
  control: {
    path: `/${name}.Migration/Control`,
    requestStream: true,
    responseStream: true,
    requestSerialize: fromDestination.serialize,
    requestDeserialize: fromDestination.deserialize,
    responseSerialize: fromSource.serialize,
    responseDeserialize: fromSource.deserialize,
  },
  pages: {
    path: `/${name}.Migration/Pages`,
    requestStream: false,
    responseStream: true,
    requestSerialize: openChannel.serialize,
    requestDeserialize: openChannel.deserialize,
    responseSerialize: (message: OutgoingBulkMessage): Buffer => bulkCodec.serialize(message),
    responseDeserialize: (bytes: Buffer): BulkMessage => bulkCodec.deserialize(bytes),
  },
  faults: {
    path: `/${name}.Migration/Faults`,
    requestStream: true,
    responseStream: true,
    requestSerialize: faultMessage.serialize,
    requestDeserialize: faultMessage.deserialize,
    responseSerialize: (message: OutgoingBulkMessage): Buffer => bulkCodec.serialize(message),
    responseDeserialize: (bytes: Buffer): BulkMessage => bulkCodec.deserialize(bytes),
  },
} satisfies ServiceDefinition;

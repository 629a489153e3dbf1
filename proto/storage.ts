import type { ServiceDefinition } from '@grpc/grpc-js';
import { field, integer, isWithin, problemsOf, record, text } from './bounds.ts';
import type { ErrorCode } from './errors.ts';
import { LivemigError } from './errors.ts';
import { diskMaxBytes, sectorBytes } from './guest.ts';
import { codecOf, loadProto } from './load.ts';

/** The messages of storage.proto, and a bound on every value in them. */

/** Where the storage host serves disks. */
export const storagePort = 7004;

/** Sectors that one request reads or writes at most: a mebibyte. */
export const requestMaxSectors = 256;
/** Sectors whose versions one request asks for at most: the storage reads each of them meanwhile. */
export const versionsMaxSectors = 4096;
/** Leases that a disk grants in its life. */
export const leasesMax = 1024;
/** Disks that a storage host has at a time. */
export const disksMax = 16;
/** Envelope and fields of a message, beside its sectors. */
const envelopeBytes = 64 << 10;
export const storageMessageMaxBytes = requestMaxSectors * sectorBytes + envelopeBytes;

/** Of the metadata that comes with a refusal: a code of error-codes.ts. */
export const storageErrorKey = 'livemig-code';
/** The codes by which the storage refuses; any other is a violation of the protocol. */
export const storageErrorCodes: readonly ErrorCode[] = [
  'LEASE_LOST',
  'PROTOCOL_VIOLATION',
  'DISK_FULL',
  'STORAGE_FAILED',
  'INTERNAL',
];

export interface AcquireRequest {
  diskId: string;
  /** The hypervisor's name. */
  holder: string;
}

export interface LeaseGrant {
  epoch: number;
}

export interface LeaseRef {
  diskId: string;
  epoch: number;
}

export interface ReadRequest extends LeaseRef {
  firstSector: number;
  count: number;
}

export interface WriteRequest extends LeaseRef {
  firstSector: number;
  /** Whole sectors. */
  data: Buffer;
}

export interface VersionsRequest {
  diskId: string;
  firstSector: number;
  count: number;
}

type Done = Record<string, never>;

const epoch = () => integer(1, leasesMax);
const sector = () => integer(0, diskMaxBytes / sectorBytes - 1);
/** A disk's id, also in the management plane. */
export const diskIdSchema = () => text("a disk's id", 1, 64);
const diskId = diskIdSchema;

const sectorsOf = (most: number) =>
  field<Buffer>(
    `whole sectors of ${sectorBytes} bytes, from 1 to ${most}`,
    (value) =>
      value instanceof Uint8Array &&
      value.length % sectorBytes === 0 &&
      isWithin(value.length, sectorBytes, most * sectorBytes),
  );

/** What the storage takes. Whether the disk has such sectors only the disk knows. */
const requests = {
  acquire: record({ diskId: diskId(), holder: text("a holder's name", 1, 64) }),
  release: record({ diskId: diskId(), epoch: epoch() }),
  read: record({
    diskId: diskId(),
    epoch: epoch(),
    firstSector: sector(),
    count: integer(1, requestMaxSectors),
  }),
  write: record({
    diskId: diskId(),
    epoch: epoch(),
    firstSector: sector(),
    data: sectorsOf(requestMaxSectors),
  }),
  flush: record({ diskId: diskId(), epoch: epoch() }),
  versions: record({ diskId: diskId(), firstSector: sector(), count: integer(1, versionsMaxSectors) }),
};

/** Request and response of each method. */
export interface StorageMethods {
  acquire: [AcquireRequest, LeaseGrant];
  release: [LeaseRef, Done];
  read: [ReadRequest, { data: Buffer }];
  write: [WriteRequest, Done];
  flush: [LeaseRef, Done];
  versions: [VersionsRequest, { versions: Buffer }];
}
export type StorageMethod = keyof StorageMethods;

/** @throws LivemigError PROTOCOL_VIOLATION with all problems */
export const parseStorageRequest = <M extends StorageMethod>(
  method: M,
  request: unknown,
): StorageMethods[M][0] => {
  const outcome = requests[method].safeParse(request);
  if (outcome.success) return outcome.data;
  const problems = problemsOf(outcome.error);
  throw new LivemigError('PROTOCOL_VIOLATION', `${method}: ${problems.join('; ')}`, { problems });
};

const violates = (method: StorageMethod, expected: string): LivemigError =>
  new LivemigError('PROTOCOL_VIOLATION', `expected the storage to answer ${method} with ${expected}`);

/**
 * An answer of the storage's, once it is known to be what was asked for.
 * @param answer null if it can't be read
 * @throws LivemigError PROTOCOL_VIOLATION
 */
export const checkStorageAnswer = <M extends StorageMethod>(
  method: M,
  request: StorageMethods[M][0],
  answer: StorageMethods[M][1] | null,
): StorageMethods[M][1] => {
  if (answer === null) throw violates(method, 'a message of storage.proto');
  if ('epoch' in answer && !epoch().safeParse(answer.epoch).success)
    throw violates(method, `an epoch from 1 to ${leasesMax}`);
  const count = 'count' in request ? request.count : 0;
  if ('data' in answer && answer.data.length !== count * sectorBytes)
    throw violates(method, `${count} sectors, got ${answer.data.length} bytes`);
  if ('versions' in answer && answer.versions.length !== count * 4)
    throw violates(method, `${count} versions, got ${answer.versions.length} bytes`);
  return answer;
};

const root = loadProto('storage.proto');
const name = 'livemig.storage.v1';

/**
 * A deserialiser that never throws: if one does, gRPC reports what looks like a lost connection.
 * @param unreadable what bytes become that are no message
 */
const readable =
  <T, U>(deserialize: (bytes: Buffer) => T, unreadable: U) =>
  (bytes: Buffer): T | U => {
    try {
      return deserialize(bytes);
    } catch {
      return unreadable;
    }
  };

/** A request without fields, which no method takes; gRPC itself would answer null, by calling the method unknown. */
const noRequest = {};

const method = <M extends StorageMethod>(path: string, request: string, response: string) => {
  const asked = codecOf<StorageMethods[M][0]>(root, `${name}.${request}`);
  const answered = codecOf<StorageMethods[M][1]>(root, `${name}.${response}`);
  return {
    path: `/${name}.Storage/${path}`,
    requestStream: false as const,
    responseStream: false as const,
    requestSerialize: asked.serialize,
    requestDeserialize: readable(asked.deserialize, noRequest),
    responseSerialize: answered.serialize,
    responseDeserialize: readable(answered.deserialize, null),
  };
};

/** The service of storage.proto for grpc-js; an answer that can't be read arrives as null. */
export const storageService = {
  acquire: method<'acquire'>('Acquire', 'AcquireRequest', 'LeaseGrant'),
  release: method<'release'>('Release', 'LeaseRef', 'Done'),
  read: method<'read'>('Read', 'ReadRequest', 'Sectors'),
  write: method<'write'>('Write', 'WriteRequest', 'Done'),
  flush: method<'flush'>('Flush', 'LeaseRef', 'Done'),
  versions: method<'versions'>('Versions', 'VersionsRequest', 'SectorVersions'),
} satisfies ServiceDefinition;

/** Where a hypervisor finds the disks of the storage host. */
export interface StorageAddress {
  /** gRPC target on the shaped network. */
  target: string;
  /** Of the disk there. */
  diskId: string;
}

/** A disk to be made on a storage host. */
export interface SharedDiskConfig {
  diskId: string;
  sizeBytes: number;
  /** Bytes at the disk's start that are written before the guest boots. */
  allocatedBytes: number;
  /** The guest's: what sectors hold follows from it. */
  seed: number;
  /**
   * The holder of an older lease is refused; false: a naive export, which takes whatever comes. Default true.
   */
  fencing?: boolean;
}

/** One lease of a disk. Moments in ms on the storage host's CLOCK_MONOTONIC; null = not yet. */
export interface LeaseReport {
  epoch: number;
  holder: string;
  grantedAtMs: number;
  releasedAtMs: number | null;
  firstWriteAtMs: number | null;
  lastWriteAtMs: number | null;
  /** Requests that were done. */
  reads: number;
  writes: number;
  readBytes: number;
  writtenBytes: number;
  /** Writes that were refused, as the lease was not the disk's any more. */
  lateWritesRefused: number;
}

/** What a storage host knows of one disk. */
export interface StorageReport {
  fencing: boolean;
  leases: LeaseReport[];
  /** How long writes of an older lease were done after a newer one had been granted; 0 with fencing. */
  writersAtOnceMs: number;
}

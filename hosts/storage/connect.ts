import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import type { ErrorCode } from '#proto/errors';
import { LivemigError } from '#proto/errors';
import { codeOfStatus } from '#proto/foreign-codes';
import { leastTimeouts } from '#proto/link-timeouts';
import {
  checkStorageAnswer,
  storageErrorCodes,
  storageErrorKey,
  storageMessageMaxBytes,
  storageService,
} from '#proto/storage';
import type { StorageAddress, StorageMethod, StorageMethods } from '#proto/storage';
import { realClock } from '../clock.ts';
import type { MigrationClock } from '../clock.ts';
import { keepaliveOf } from '../transfer/grpc/keepalive.ts';
import type { SharedDisk } from './shared-disk.ts';

/** For one request: as long as a link may be cut, and what queues on a slow one. */
const answerMaxMs = 60_000;

/** What a call's end means: the storage's own code where it gave one, else gRPC's status. */
const codeOfEnd = ({ code, metadata }: ServiceError): ErrorCode => {
  const [given] = metadata.get(storageErrorKey);
  return storageErrorCodes.find((known) => known === given) ?? codeOfStatus(code);
};

/**
 * A line to a disk on the storage host, to be closed by whoever asked for it. It connects with the first call. Every call
 * fails with CONNECTION_LOST where the storage doesn't answer in time, LEASE_LOST where it fences this host, and
 * PROTOCOL_VIOLATION where it answers something else.
 * @param holder the hypervisor's name, by which its leases are reported
 */
export const connectSharedDisk = (
  { target, diskId }: StorageAddress,
  holder: string,
  clock: MigrationClock = realClock,
): SharedDisk => {
  const client = new Client(target, credentials.createInsecure(), {
    ...keepaliveOf(leastTimeouts),
    // Each disk's requests have their own connection, as those of an iSCSI session.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': storageMessageMaxBytes,
    'grpc.max_send_message_length': storageMessageMaxBytes,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1000,
  });
  const pending = new Set<{ cancel: () => void }>();
  let isClosed = false;
  let epoch = 0;

  const call = async <M extends StorageMethod>(
    method: M,
    request: StorageMethods[M][0],
  ): Promise<StorageMethods[M][1]> => {
    const lost = (why: string, cause?: unknown): LivemigError =>
      new LivemigError('CONNECTION_LOST', `the storage at ${target}, ${method}: ${why}`, { cause });
    if (isClosed) throw lost('this host has closed the connection');
    const { path, requestSerialize, responseDeserialize } = storageService[method];
    const answer = await new Promise<StorageMethods[M][1] | null>((resolve, reject) => {
      // A bound of our own: gRPC's deadlines are moments on the wall clock, which may be set.
      let isLate = false;
      const unary = client.makeUnaryRequest(
        path,
        requestSerialize as (value: StorageMethods[M][0]) => Buffer,
        responseDeserialize as (bytes: Buffer) => StorageMethods[M][1] | null,
        request,
        new Metadata(),
        (error: ServiceError | null, value?: StorageMethods[M][1] | null) => {
          cancel();
          pending.delete(unary);
          if (error === null) resolve(value ?? null);
          else if (isLate) reject(lost(`no answer within ${answerMaxMs} ms`));
          else {
            const code = codeOfEnd(error);
            reject(
              code === 'CONNECTION_LOST'
                ? lost('the connection broke off', error)
                : new LivemigError(code, `the storage at ${target}, ${method}: ${error.details}`),
            );
          }
        },
      );
      pending.add(unary);
      const cancel = clock.timer(answerMaxMs, () => {
        isLate = true;
        unary.cancel();
      });
    });
    return checkStorageAnswer(method, request, answer);
  };

  return {
    acquire: async () => {
      ({ epoch } = await call('acquire', { diskId, holder }));
      return epoch;
    },
    adopt: (given) => {
      epoch = given;
    },
    read: async (firstSector, count) => (await call('read', { diskId, epoch, firstSector, count })).data,
    write: async (firstSector, data) => {
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      await call('write', { diskId, epoch, firstSector, data: bytes });
    },
    flush: async () => {
      await call('flush', { diskId, epoch });
    },
    release: async () => {
      await call('release', { diskId, epoch });
    },
    versions: async (firstSector, count) => {
      const { versions } = await call('versions', { diskId, firstSector, count });
      return Uint32Array.from({ length: count }, (_, index) => versions.readUInt32LE(4 * index));
    },
    close: () => {
      isClosed = true;
      for (const unary of pending) unary.cancel();
      client.close();
    },
  };
};

import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type { ErrorCode } from '#proto/errors';
import { codeOf, LivemigError, messageOf } from '#proto/errors';
import { leastTimeouts } from '#proto/link-timeouts';
import {
  disksMax,
  parseStorageRequest,
  storageErrorCodes,
  storageErrorKey,
  storageMessageMaxBytes,
  storageService,
} from '#proto/storage';
import type { SharedDiskConfig, StorageMethod, StorageMethods, StorageReport } from '#proto/storage';
import { monotonicMs } from '#proto/units';
import { keepaliveOf } from '../transfer/grpc/keepalive.ts';
import { ExportedDisk } from './exported-disk.ts';

/** Requests under way on one connection; a disk's thread has no more than its queue. Further ones wait. */
const streamsPerConnectionMax = 64;

/** gRPC's closest status, for whoever doesn't know our codes. */
const statuses: Partial<Record<ErrorCode, status>> = {
  LEASE_LOST: status.FAILED_PRECONDITION,
  PROTOCOL_VIOLATION: status.INVALID_ARGUMENT,
  DISK_FULL: status.RESOURCE_EXHAUSTED,
};

/** How a refusal travels: the code is in the metadata, the text is for people. */
const refusalOf = (error: unknown) => {
  const known = codeOf(error);
  const code = storageErrorCodes.includes(known) ? known : 'INTERNAL';
  const metadata = new Metadata();
  metadata.set(storageErrorKey, code);
  return { code: statuses[code] ?? status.UNKNOWN, details: messageOf(error), metadata };
};

type Handlers = { [M in StorageMethod]: (request: StorageMethods[M][0]) => StorageMethods[M][1] };

/** The disks of a storage host, and the server by which hypervisors reach them. */
export class StorageServer {
  readonly #disks = new Map<string, ExportedDisk>();
  /** Of disks being filled. */
  readonly #coming = new Set<string>();
  readonly #nowMs: () => number;
  readonly #server: Server;
  #isClosed = false;

  /** @param nowMs the clock of its reports */
  constructor(nowMs: () => number = monotonicMs) {
    this.#nowMs = nowMs;
    this.#server = new Server({
      'grpc.max_receive_message_length': storageMessageMaxBytes,
      'grpc.max_send_message_length': storageMessageMaxBytes,
      'grpc.max_concurrent_streams': streamsPerConnectionMax,
      ...keepaliveOf(leastTimeouts),
    });
    const handlers: Handlers = {
      acquire: ({ diskId, holder }) => ({ epoch: this.#diskOf(diskId).acquire(holder) }),
      release: ({ diskId, epoch }) => {
        this.#diskOf(diskId).release(epoch);
        return {};
      },
      read: ({ diskId, epoch, firstSector, count }) => ({
        data: this.#diskOf(diskId).read(epoch, firstSector, count),
      }),
      write: ({ diskId, epoch, firstSector, data }) => {
        this.#diskOf(diskId).write(epoch, firstSector, data);
        return {};
      },
      flush: ({ diskId, epoch }) => {
        this.#diskOf(diskId).flush(epoch);
        return {};
      },
      versions: ({ diskId, firstSector, count }) => {
        const versions = this.#diskOf(diskId).versions(firstSector, count);
        return { versions: Buffer.from(versions.buffer) };
      },
    };
    const serve =
      <M extends StorageMethod>(method: M) =>
      (
        { request }: ServerUnaryCall<object, StorageMethods[M][1]>,
        reply: sendUnaryData<StorageMethods[M][1]>,
      ): void => {
        try {
          reply(null, handlers[method](parseStorageRequest(method, request)));
        } catch (error) {
          reply(refusalOf(error));
        }
      };
    const methods = Object.keys(storageService) as StorageMethod[];
    this.#server.addService(
      storageService,
      Object.fromEntries(methods.map((method) => [method, serve(method)])),
    );
  }

  #diskOf(diskId: string): ExportedDisk {
    const disk = this.#disks.get(diskId);
    if (disk !== undefined) return disk;
    const known = [...this.#disks.keys()].join(', ') || 'none';
    throw new LivemigError('PROTOCOL_VIOLATION', `expected a disk of this host (${known}), got ${diskId}`);
  }

  /**
   * @param port 0 picks one
   * @returns the port
   * @throws LivemigError TESTBED_FAILED
   */
  async listen(address: string, port: number): Promise<number> {
    return await new Promise((resolve, reject) => {
      this.#server.bindAsync(`${address}:${port}`, ServerCredentials.createInsecure(), (cause, bound) => {
        if (cause === null) resolve(bound);
        else
          reject(
            new LivemigError('TESTBED_FAILED', `the storage can't listen on ${address}:${port}`, { cause }),
          );
      });
    });
  }

  /**
   * @throws LivemigError BAD_INPUT where there is one of that id, or no room for another; UNSUPPORTED and others of the file
   *   system
   */
  async createDisk(config: SharedDiskConfig): Promise<void> {
    const { diskId } = config;
    const refuse = (problem: string): never => {
      throw new LivemigError('BAD_INPUT', problem, { problems: [problem] });
    };
    if (this.#disks.has(diskId) || this.#coming.has(diskId))
      refuse(`createDisk: expected a new disk's id, got that of disk ${diskId}: drop it first`);
    if (this.#disks.size + this.#coming.size >= disksMax)
      refuse(`createDisk: expected ${disksMax} disks at most: drop one first`);
    this.#coming.add(diskId);
    try {
      const disk = await ExportedDisk.create(config, this.#nowMs);
      if (this.#isClosed) {
        disk.close();
        throw new LivemigError('CANCELLED', 'the storage closes');
      }
      this.#disks.set(diskId, disk);
    } finally {
      this.#coming.delete(diskId);
    }
  }

  /** @throws LivemigError BAD_INPUT for a disk that isn't here */
  #ownDisk(method: string, diskId: string): ExportedDisk {
    const disk = this.#disks.get(diskId);
    if (disk !== undefined) return disk;
    const known = [...this.#disks.keys()].join(', ') || 'none';
    const problem = `${method}: expected a disk of this host (${known}), got ${diskId}`;
    throw new LivemigError('BAD_INPUT', problem, { problems: [problem] });
  }

  /** Whoever still uses it is refused from now on. @throws LivemigError BAD_INPUT for a disk that isn't here */
  dropDisk(diskId: string): void {
    this.#ownDisk('dropDisk', diskId).close();
    this.#disks.delete(diskId);
  }

  /** @throws LivemigError BAD_INPUT for a disk that isn't here */
  report(diskId: string): StorageReport {
    return this.#ownDisk('storageReport', diskId).report();
  }

  close(): void {
    this.#isClosed = true;
    this.#server.forceShutdown();
    for (const disk of this.#disks.values()) disk.close();
    this.#disks.clear();
  }
}

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Batcher } from '../../hosts/transfer/batcher.ts';
import { GuestMemory } from '../../hosts/guest/memory.ts';
import { PageSet } from '../../hosts/guest/page-set.ts';
import { allocateGuest } from '../../hosts/guest/shared.ts';
import { PageReceiver } from '../../hosts/transfer/page-receiver.ts';
import { bulkCodec } from '../../proto/bulk.ts';
import type { OutgoingBatch } from '../../proto/bulk.ts';
import { gibibyte, mebibyte, pageSizeBytes } from '../../proto/units.ts';
import type { Benchmark, Figure } from '../bench.ts';

const guestBytes = 512 * mebibyte;
const pageCount = guestBytes / pageSizeBytes;
const batchPages = 256;
/** CPU time of this process a GiB in ms, the kernel's part included. */
const cpuOf = async (work: () => void | Promise<void>): Promise<number> => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (((user + system) / 1e3) * gibibyte) / guestBytes;
};

const filled = (): GuestMemory => {
  const memory = new GuestMemory(allocateGuest(pageCount, 1, 1), 1);
  for (let page = 0; page < pageCount; page++) memory.writeVersion(page, 1);
  return memory;
};

/** As the sender does: all pages, a batch at a time. */
const eachBatch = (source: GuestMemory, use: (batch: OutgoingBatch, sequence: number) => void): void => {
  const batcher = new Batcher(source, { zeroPages: true, encoders: [], compressors: [] });
  const pages = PageSet.all(pageCount);
  let cursor = 0;
  for (let sequence = 1; pages.count > 0; sequence++) {
    const { batch, next } = batcher.take(pages, cursor, batchPages);
    cursor = next;
    use(batch, sequence);
  }
};

const messageOf = (batch: OutgoingBatch, sequence: number, room: Buffer): Buffer => {
  const bytes = bulkCodec.serialize({ sequence, pages: batch });
  return room.subarray(0, bytes.copy(room, 0));
};

/** As many bytes over the loopback device, by Node, both ends in this process. */
const overTcp = async (): Promise<void> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [Socket];
  let received = 0;
  const arrived = new Promise<void>((resolve) => {
    client.on('data', (chunk) => {
      received += chunk.length;
      if (received === guestBytes) resolve();
    });
  });
  const message = Buffer.alloc(batchPages * pageSizeBytes, 1);
  for (let sent = 0; sent < guestBytes; sent += message.length)
    if (!accepted.write(message)) await once(accepted, 'drain');
  await arrived;
  client.destroy();
  accepted.destroy();
  server.close();
};

export const cpuStages: Benchmark = {
  name: 'capabilities/cpu-stages',
  about: 'where the CPU time of a page goes, stage by stage in one process, without gRPC and link',
  run: async () => {
    const source = filled();
    const destination = filled();
    const room = Buffer.alloc(2 * mebibyte);
    const receiver = new PageReceiver(destination, () => undefined);
    const copyMs = await cpuOf(() => {
      eachBatch(source, (batch, sequence) => messageOf(batch, sequence, room));
    });
    const installMs = await cpuOf(() => {
      eachBatch(source, (batch, sequence) => {
        const message = bulkCodec.deserialize(messageOf(batch, sequence, room));
        if (message.body === 'pages') receiver.receive(message.pages);
      });
    });
    const tcpMs = await cpuOf(overTcp);
    const figure = (name: string, value: number, from: string): Figure => ({
      name: `CPU time a GiB: ${name}`,
      value,
      unit: 'ms',
      target: null,
      from,
    });
    return [
      figure('source, choose pages and copy them into messages', copyMs, `${guestBytes / mebibyte} MiB`),
      figure(
        'destination, parse messages and install pages',
        installMs - copyMs,
        'the same with it, less the above',
      ),
      figure('TCP over loopback by Node, both ends', tcpMs, 'sockets alone, in writes of 1 MiB'),
    ];
  },
};

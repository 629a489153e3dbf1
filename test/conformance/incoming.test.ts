import { createHash, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Guest } from '../../hosts/guest/guest.ts';
import { deviceStateBytesOf } from '../../hosts/guest/device-state.ts';
import { IncomingMigration } from '../../hosts/incoming.ts';
import { SourceServer } from '../../hosts/transfer/source-server.ts';
import { Waiters } from '../../hosts/transfer/waiters.ts';
import type { OutgoingBatch } from '../../proto/bulk.ts';
import type { DestinationReport } from '../../proto/control.ts';
import type { SourceHello } from '../../proto/migration.ts';
import { migrationVersion } from '../../proto/migration.ts';
import { pageSizeBytes } from '../../proto/units.ts';
import { freePort, loopbackAddresses, loopbackGuest } from '../support/loopback-migration.ts';

/** A destination holds its source to what the hello said. */

let guest: Guest;

beforeEach(async () => {
  [guest] = await Guest.boot(loopbackGuest, 'destination', loopbackAddresses.destination);
});
afterEach(() => guest.destroy());

/** Connects a destination to a source of which the test sends every message. */
const withSource = async (
  change: Partial<SourceHello>,
  act: (source: SourceServer) => Promise<void>,
  pageRequested: (page: number, source: SourceServer) => void = () => undefined,
): Promise<DestinationReport> => {
  const migrationId = randomUUID();
  const hello: SourceHello = {
    version: migrationVersion,
    migrationId,
    pageSizeBytes,
    pageCount: guest.memory.pageCount,
    vcpus: loopbackGuest.vcpus,
    deviceStateBytes: deviceStateBytesOf(loopbackGuest),
    channels: 1,
    faultsInStream: false,
    capabilities: [],
    ...change,
  };
  const at = { address: '127.0.0.1', port: await freePort() };
  const source = await SourceServer.listen(at.address, at.port, hello, new Waiters(), {
    receipt: () => undefined,
    pageRequested: (page) => {
      pageRequested(page, source);
    },
    refused: () => undefined,
  });
  const announce = { announceAddress: '127.0.0.1', announcePort: 9 };
  const incoming = new IncomingMigration(guest, loopbackAddresses.destination, {
    ...at,
    migrationId,
    ...announce,
  }).run();
  try {
    await source.untilConnected();
    await act(source);
    return await incoming;
  } finally {
    await source.close(null);
  }
};

const nothing: OutgoingBatch = { pages: new Uint32Array(0), zeroRuns: [], copyPage: () => undefined };
const zeroPage = (page: number): OutgoingBatch => ({ ...nothing, zeroRuns: [page, 1] });
const uniformPage = { encoding: 'uniform-pages', pages: [7], data: Buffer.alloc(16, 1) };
const onePattern: OutgoingBatch = { ...nothing, encoded: [uniformPage] };

const sendUrgent = async (source: SourceServer): Promise<void> =>
  source.faultChannel?.write({ pages: zeroPage(7) });
const sendUniform = async (source: SourceServer): Promise<void> =>
  source.channels[0]?.write({ pages: onePattern });
const hangUp = async (source: SourceServer): Promise<void> => {
  // All of it has arrived: what the destination then says is about the end alone.
  await source.barrier();
  source.abort('CANCELLED', 'that was all');
};

test.each([
  [
    'a requested page beside the stream',
    { faultsInStream: true },
    sendUrgent,
    /expected requested pages on the bulk stream/,
  ],
  ['a uniform page', {}, sendUniform, /expected no pages encoded by "uniform-pages"/],
] as const)('%s that the hello excludes is refused', async (_, hello, act, pattern) => {
  // prettier-ignore
  const { error, status } = await withSource(hello, act);
  expect(status).toBe('failed');
  expect(error?.code).toBe('PROTOCOL_VIOLATION');
  expect(error?.message).toMatch(pattern);
});

/** Behind everything that this guest touches. */
const untouchedPage = 2000;

/** The guest runs, with no page here. */
const resume = async (source: SourceServer): Promise<void> => {
  const state = Buffer.alloc(deviceStateBytesOf(loopbackGuest));
  const digest = createHash('sha256').update(state).digest();
  await source.channels[0]?.write({ deviceState: { state, digest } });
  await source.channels[0]?.write({ resume: { mode: 'POSTCOPY', after: [1] } });
  await source.untilResumed();
};

test('what the hello allows is taken', async () => {
  const answered: number[] = [];
  const report = await withSource(
    { faultsInStream: false },
    async (source) => {
      await resume(source);
      // Another stream: no barrier holds for it.
      while (!answered.some((page) => guest.memory.isPresent(page)))
        await new Promise((resolve) => setTimeout(resolve, 1));
      await hangUp(source);
    },
    (page, source) => {
      answered.push(page);
      void source.faultChannel?.write({ pages: zeroPage(page) });
    },
  );
  expect(report).toMatchObject({ error: { code: 'CANCELLED' } });
  expect(report.zeroPagesReceived).toBeGreaterThan(0);
});

test('a requested page that nobody requested is refused', async () => {
  const { error } = await withSource({}, async (source) => {
    await resume(source);
    await source.faultChannel?.write({ pages: zeroPage(untouchedPage) });
  });
  expect(error).toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  expect(error?.message).toMatch(/expected one page that was requested, got 2000/);
});

test('announced uniform pages are taken', async () => {
  const report = await withSource(
    { capabilities: [{ name: 'uniform-pages', value: '' }] },
    async (source) => {
      await sendUniform(source);
      await hangUp(source);
    },
  );
  expect(report).toMatchObject({ error: { code: 'CANCELLED' }, encodedPagesReceived: 1 });
});

test('a capability that the destination does not know is refused', async () => {
  const source = withSource({ capabilities: [{ name: 'telepathy', value: '' }] }, hangUp);
  await expect(source).rejects.toMatchObject({ message: expect.stringContaining('knows telepathy') });
});

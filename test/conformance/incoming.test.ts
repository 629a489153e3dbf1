import { createHash, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Guest } from '#hosts/guest/guest';
import { deviceStateBytesOf } from '#hosts/guest/device-state';
import type { SourceServer } from '#hosts/transfer/source-server';
import { Waiters } from '#hosts/transfer/waiters';
import { incomingOverGrpc } from '#hosts/over-grpc';
import type { OutgoingBatch } from '#proto/bulk';
import type { DestinationReport } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { SourceHello } from '#proto/migration';
import { migrationVersion } from '#proto/migration';
import { listenOverGrpc } from '../support/grpc-source.ts';
import { freePort, loopbackAddresses, loopbackGuest } from '../support/loopback-migration.ts';
import { ramRegions } from '../support/rules.ts';
import { noPages } from '../support/hostile-source.ts';

/** A destination holds its source to what the hello said. */

let guest: Guest;

beforeEach(async () => {
  [guest] = await Guest.boot(loopbackGuest, 'destination', loopbackAddresses.destination);
});
afterEach(() => guest.destroy());

/** Connects a destination to a source whose every message the test sends. */
const withSource = async (
  change: Partial<SourceHello>,
  act: (source: SourceServer) => Promise<void>,
  pageRequested: (page: number, source: SourceServer) => void = () => undefined,
): Promise<DestinationReport> => {
  const migrationId = randomUUID();
  const hello: SourceHello = {
    version: migrationVersion,
    migrationId,
    regions: ramRegions(guest.memory.pageCount),
    vcpus: loopbackGuest.vcpus,
    deviceStateBytes: deviceStateBytesOf(loopbackGuest),
    channels: 1,
    faultsInStream: false,
    capabilities: [],
    ...change,
  };
  const at = { address: '127.0.0.1', port: await freePort() };
  const source = await listenOverGrpc(at, hello, new Waiters(), {
    receipt: () => undefined,
    pageRequested: (page) => {
      pageRequested(page, source);
    },
    refused: () => undefined,
  });
  const announce = { announceAddress: '127.0.0.1', announcePort: 9 };
  const migration = { ...at, migrationId, ...announce };
  const incoming = incomingOverGrpc(guest, loopbackAddresses.destination, migration, () => undefined).run();
  try {
    await source.untilConnected();
    await act(source);
    return await incoming;
  } finally {
    await source.close(null);
  }
};

const zeroPage = (page: number): OutgoingBatch => ({ ...noPages, zeroRuns: [page, 1] });
const uniformPage = { encoding: 'uniform-pages', pages: [7], data: Buffer.alloc(16, 1) };
const onePattern: OutgoingBatch = { ...noPages, encoded: [uniformPage] };

const sendUrgent = async (source: SourceServer): Promise<void> =>
  source.faultChannel?.write({ pages: zeroPage(7) });
const sendUniform = async (source: SourceServer): Promise<void> =>
  source.channels[0]?.write({ pages: onePattern });
const hangUp = async (source: SourceServer): Promise<void> => {
  // All of it has arrived: what the destination then says concerns only the end.
  await source.barrier();
  source.abort(new LivemigError('CANCELLED', 'that was all'));
};

test.each([
  [
    'a requested page beside the stream',
    { faultsInStream: true },
    sendUrgent,
    /expected requested pages on the bulk stream/,
  ],
  ['a uniform page', {}, sendUniform, /expected no pages encoded by "uniform-pages"/],
] as const)('%s that the hello rules out is refused', async (_, hello, act, pattern) => {
  // prettier-ignore
  const { error, status } = await withSource(hello, act);
  expect(status).toBe('failed');
  expect(error?.code).toBe('PROTOCOL_VIOLATION');
  expect(error?.message).toMatch(pattern);
});

/** After everything that this guest touches. */
const untouchedPage = 2000;

/** The guest runs, with no page here. */
const resume = async (source: SourceServer): Promise<void> => {
  const state = Buffer.alloc(deviceStateBytesOf(loopbackGuest));
  const digest = createHash('sha256').update(state).digest();
  await source.channels[0]?.write({ deviceState: { state, digest } });
  await source.channels[0]?.write({ resume: { mode: 'POSTCOPY', after: [1] } });
  await source.untilResumed();
};

test('what the hello allows is accepted', async () => {
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
      // The last ones may find the stream ended.
      source.faultChannel?.write({ pages: zeroPage(page) }).catch(() => undefined);
    },
  );
  expect(report).toMatchObject({ error: { code: 'CANCELLED' } });
  expect(report.received.zeroPages).toBeGreaterThan(0);
});

test('an answer to a page request that nobody made is refused', async () => {
  const { error } = await withSource({}, async (source) => {
    await resume(source);
    await source.faultChannel?.write({ pages: zeroPage(untouchedPage) });
  });
  expect(error).toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  expect(error?.message).toMatch(/expected one page that was requested, got 2000/);
});

test('uniform pages are accepted once announced', async () => {
  const report = await withSource(
    { capabilities: [{ name: 'uniform-pages', value: '' }] },
    async (source) => {
      await sendUniform(source);
      await hangUp(source);
    },
  );
  expect(report).toMatchObject({ error: { code: 'CANCELLED' }, received: { encodedPages: 1 } });
});

test('an unknown capability is refused', async () => {
  const source = withSource({ capabilities: [{ name: 'telepathy', value: '' }] }, hangUp);
  await expect(source).rejects.toMatchObject({ message: expect.stringContaining('knows telepathy') });
});

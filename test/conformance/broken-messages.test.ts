import { randomUUID } from 'node:crypto';
import { Client, credentials, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deviceStateBytesOf } from '#hosts/guest/device-state';
import { Guest } from '#hosts/guest/guest';
import { realClock } from '#hosts/clock';
import { grpcDestinationWire } from '#hosts/transfer/grpc/destination-wire';
import { SourceLink } from '#hosts/transfer/source-link';
import { Waiters } from '#hosts/transfer/waiters';
import { incomingOverGrpc } from '#hosts/over-grpc';
import { bulkCodec } from '#proto/bulk';
import type { DestinationReport } from '#proto/control';
import { codeOf } from '#proto/errors';
import { leastTimeouts } from '#proto/link-timeouts';
import { bulkMessageMaxBytes, migrationService, migrationVersion } from '#proto/migration';
import type { FromDestination, SourceHello } from '#proto/migration';
import { listenOverGrpc } from '../support/grpc-source.ts';
import { freePort, loopbackAddresses, loopbackGuest } from '../support/loopback-migration.ts';
import { startRawSource } from '../support/raw-source.ts';
import type { RawSource, RawStreams } from '../support/raw-source.ts';
import { ramRegions } from '../support/rules.ts';

/** A message that can't be read ends the migration: no other connection would bring a better one. */

const broken: [string, Buffer][] = [
  ['longer than a message may be', Buffer.alloc(bulkMessageMaxBytes + 1)],
  ['of nonsense', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['of groups in groups', Buffer.alloc(1 << 20, (15 << 3) | 3)],
  ['cut short', Buffer.from([0x12, 0x7f, 1])],
];

/** As a lost connection ends it. */
const reset = ({ pages }: Pick<Required<RawStreams>, 'pages'>): void => {
  pages.emit('error', { code: status.UNAVAILABLE, details: 'gone' });
};

describe('at the destination', () => {
  let guest: Guest;
  beforeEach(async () => {
    [guest] = await Guest.boot(loopbackGuest, 'destination', loopbackAddresses.destination);
  });
  afterEach(() => guest.destroy());

  /** The outcome at a destination whose source behaves this way. */
  const destinationOf = async (
    onReady: (streams: Required<RawStreams>, nth: number) => void,
    andThen: (source: RawSource) => Promise<unknown> = async () => undefined,
  ): Promise<[DestinationReport, RawSource]> => {
    const { pageCount } = guest.memory;
    const { vcpus } = loopbackGuest;
    const shape = {
      regions: ramRegions(pageCount),
      vcpus,
      deviceStateBytes: deviceStateBytesOf(loopbackGuest),
    };
    const source = await startRawSource(shape, onReady);
    try {
      const migration = {
        address: '127.0.0.1',
        port: source.port,
        migrationId: randomUUID(),
        announceAddress: '127.0.0.1',
        announcePort: 9,
      };
      const { destination } = loopbackAddresses;
      const report = await incomingOverGrpc(guest, destination, migration, () => undefined).run();
      await andThen(source);
      return [report, source];
    } finally {
      source.close();
    }
  };

  const streams = ['control', 'pages', 'faults'] as const;
  test.each(broken.flatMap(([what, bytes]) => streams.map((on) => [what, on, bytes] as const)))(
    'refuses one %s, on %s',
    async (_, on, bytes) => {
      const [{ error, status: end }, { hellos }] = await destinationOf((open) => open[on].write(bytes));
      expect({ end, code: error?.code }).toEqual({ end: 'failed', code: 'PROTOCOL_VIOLATION' });
      expect(hellos).toHaveLength(1);
    },
  );

  test('replaces a connection that was reset', async () => {
    const [{ error }, { hellos, aborts }] = await destinationOf(
      (open, nth) => {
        if (nth < 3) reset(open);
        else open.pages.write(Buffer.from('nonsense'));
      },
      ({ aborted }) => aborted,
    );
    expect(error?.code).toBe('PROTOCOL_VIOLATION');
    expect(hellos.map(({ recovers }) => recovers)).toEqual([false, true, true]);
    expect(aborts).toEqual(['PROTOCOL_VIOLATION']);
  });
});

describe('a source that agrees and then hangs up', () => {
  const shape = { regions: ramRegions(1), vcpus: 1, deviceStateBytes: 0 };
  const recoverMs = 1000;

  /**
   * How many connections it made before giving up, and with which code. @param arrivedPages when a connection is lost.
   */
  const givenUp = async (
    arrivedPages: (connections: number) => number,
    onReady: (source: RawSource, streams: Required<RawStreams>, nth: number) => void,
  ): Promise<{ connections: number; code: string }> => {
    const source: RawSource = await startRawSource(shape, (streams, nth) => {
      onReady(source, streams, nth);
    });
    const hello = { version: migrationVersion, migrationId: randomUUID(), capabilities: [], resumed: false };
    const timeouts = { ...leastTimeouts, recoverMs };
    let link: SourceLink | null = null;
    try {
      const error = await new Promise<unknown>((resolve) => {
        link = new SourceLink({
          wire: grpcDestinationWire(`127.0.0.1:${source.port}`, timeouts),
          clock: realClock,
          timeouts,
          arrivedPages: () => arrivedPages(source.hellos.length),
          hello: (recovers) => ({ ...hello, recovers }),
          events: {
            control: () => {
              link?.client.openChannels(1);
              link?.client.send({ ready: {} });
              link?.agreed();
            },
            bulk: () => undefined,
            urgent: () => undefined,
            violated: resolve,
            ended: () => false,
            lost: () => undefined,
            gone: resolve,
          },
        });
      });
      return { connections: source.hellos.length, code: codeOf(error) };
    } finally {
      (link as SourceLink | null)?.close();
      source.close();
    }
  };

  const hangUp = (_: RawSource, { pages }: Required<RawStreams>): void => {
    reset({ pages });
  };

  test('is given up on, however often they agree', async () => {
    const { connections, code } = await givenUp(() => 0, hangUp);
    expect(code).toBe('TIMEOUT');
    expect(connections).toBeGreaterThan(1);
    // Connections are 250 ms apart at least.
    expect(connections).toBeLessThanOrEqual(recoverMs / 250 + 1);
  });

  test('is not given up on while each connection brings a page', async () => {
    const enough = (3 * recoverMs) / 250;
    const { connections, code } = await givenUp((nth) => Math.min(nth, enough), hangUp);
    expect(code).toBe('TIMEOUT');
    expect(connections).toBeGreaterThan(enough);
  });

  test('is given up on at once when nobody listens any more', async () => {
    const { connections, code } = await givenUp(
      (nth) => nth,
      (source) => {
        source.close();
      },
    );
    expect({ connections, code }).toEqual({ connections: 1, code: 'CONNECTION_REFUSED' });
  });
});

describe('at the source', () => {
  const hello: SourceHello = { version: migrationVersion, migrationId: randomUUID(), regions: ramRegions(1), vcpus: 1, deviceStateBytes: 0, channels: 1, faultsInStream: false, capabilities: [] }; // prettier-ignore
  const { control, pages, faults } = migrationService;
  const asTheyAre = (bytes: Buffer): Buffer => bytes;

  /** How the source reacts to bytes from its destination, once they have agreed. */
  const saying = async (on: 'control' | 'faults', bytes: Buffer): Promise<string> => {
    const port = await freePort();
    const waiters = new Waiters();
    // As after the switchover: a connection that is lost may be replaced.
    const events = { receipt: () => undefined, pageRequested: () => undefined, refused: () => undefined, lost: () => true }; // prettier-ignore
    const source = await listenOverGrpc({ address: '127.0.0.1', port }, hello, waiters, events);
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
    try {
      const main = client.makeBidiStreamRequest(control.path, asTheyAre, control.responseDeserialize);
      const introduction = { version: migrationVersion, migrationId: hello.migrationId, capabilities: [], recovers: false, resumed: false }; // prettier-ignore
      const write = (message: FromDestination): unknown => main.write(control.requestSerialize(message));
      const agreed = new Promise((resolve) => main.once('data', resolve));
      write({ hello: introduction });
      await agreed;
      const opened = { migrationId: hello.migrationId, channel: 0 };
      const bulk = client.makeServerStreamRequest(pages.path, pages.requestSerialize, pages.responseDeserialize, opened); // prettier-ignore
      const urgent = client.makeBidiStreamRequest(faults.path, asTheyAre, faults.responseDeserialize);
      for (const stream of [main, bulk, urgent]) stream.on('error', () => undefined);
      urgent.write(faults.requestSerialize({ migrationId: hello.migrationId }));
      write({ ready: {} });
      await source.untilConnected();
      const ended = waiters.until(() => !source.isConnected).then(() => 'lost', codeOf);
      (on === 'control' ? main : urgent).write(bytes);
      return await ended;
    } finally {
      client.close();
      await source.close(null);
    }
  };

  test.each(
    broken
      .slice(1)
      // A destination's messages are small.
      .map(([what, bytes]) => [what, bytes.subarray(0, 32_768)] as const)
      .flatMap(([what, bytes]) => (['control', 'faults'] as const).map((on) => [what, on, bytes] as const)),
  )('refuses one %s, on %s', async (_, on, bytes) => {
    expect(await saying(on, bytes)).toBe('PROTOCOL_VIOLATION');
  });
});

test('the messages that these tests call broken cannot be decoded', () => {
  for (const [, bytes] of broken.slice(1)) expect(() => bulkCodec.deserialize(bytes)).toThrow();
});

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Client, credentials } from '@grpc/grpc-js';
import type { ChannelCredentials, ClientDuplexStream } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from '@jest/globals';
import { makeCertificates } from '#harness/run/certificates';
import { clientCredentials } from '#hosts/transfer/grpc/tls';
import { Waiters } from '#hosts/transfer/waiters';
import type { Capabilities } from '#proto/capabilities';
import { codeOf } from '#proto/errors';
import { migrationService, migrationVersion } from '#proto/migration';
import type { FaultMessage, FromDestination, FromSource } from '#proto/migration';
import { listenOverGrpc } from '../support/grpc-source.ts';
import type { LoopbackReport } from '../support/loopback-migration.ts';
import { freePort, withLoopbackLab } from '../support/loopback-migration.ts';
import { ramRegions } from '../support/rules.ts';

/** Whoever isn't the destination changes nothing: it is turned away, and that is reported. */

interface Door {
  port: number;
  migrationId: string;
}

/** What a stranger holds open until the test's end. */
const open: { close: () => void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

const clientOf = (
  { port }: Door,
  how: ChannelCredentials = credentials.createInsecure(),
  options = {},
): Client => {
  const client = new Client(`127.0.0.1:${port}`, how, { 'grpc.use_local_subchannel_pool': 1, ...options });
  open.push(client);
  return client;
};

const socketTo = async ({ port }: Door): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  open.push({ close: () => socket.destroy() });
  await once(socket, 'connect');
  return socket;
};

const { control, pages, faults } = migrationService;

const controlStream = (client: Client): ClientDuplexStream<FromDestination, FromSource> =>
  client.makeBidiStreamRequest(control.path, control.requestSerialize, control.responseDeserialize);

/** What the source answers, or how the stream breaks off. */
const answerTo = async (client: Client, message: FromDestination | null): Promise<string> => {
  const stream = controlStream(client);
  const answer = new Promise<string>((resolve) => {
    stream.on('data', (said: FromSource) => {
      resolve('abort' in said ? said.abort.reason : Object.keys(said).join());
    });
    stream.on('error', (error) => {
      resolve(error.message);
    });
  });
  if (message !== null) stream.write(message);
  return answer;
};

const helloOf = (migrationId: string, change: object = {}): FromDestination => ({
  hello: {
    version: migrationVersion,
    migrationId,
    capabilities: [],
    recovers: false,
    resumed: false,
    ...change,
  },
});

/** More than the guest has in that time. */
const strangersFaults = 10_000;

/** A migration of half a second that a stranger joins. */
const besides = async (
  stranger: (door: Door) => Promise<unknown>,
  capabilities: Capabilities = {},
): Promise<LoopbackReport & { refusals: string[]; heard: unknown }> => {
  let visit: Promise<unknown> = Promise.resolve('never came');
  const report = await withLoopbackLab({}, (lab) =>
    lab.migrate(
      { strategy: 'hybrid', limits: { maxBandwidthMbps: 80 }, capabilities },
      (event, _outgoing, door) => {
        if (event.type === 'status' && event.status === 'active') visit = stranger(door);
      },
    ),
  );
  const refusals = report.events.flatMap((event) => (event.type === 'refused' ? [event.reason] : []));
  return { ...report, refusals, heard: await visit };
};

const expectUnharmed = ({ source, destination, verified }: LoopbackReport): void => {
  expect([source.error, destination.error]).toEqual([null, null]);
  expect(verified).toMatchObject({ mismatches: 0, staleReads: 0 });
};

const other = '00000000-0000-4000-8000-000000000000';

describe('a stranger at the source', () => {
  test.each<[string, (door: Door) => Promise<string>, RegExp]>([
    ['of another migration', (door) => answerTo(clientOf(door), helloOf(other)), /another migration/],
    ['of another migration and version', (door) => answerTo(clientOf(door), helloOf(other, { version: 99 })), /another migration/],
    ["who repeats the destination's hello", (door) => answerTo(clientOf(door), helloOf(door.migrationId)), /a destination already/],
    ['who says that it recovers', (door) => answerTo(clientOf(door), helloOf(door.migrationId, { recovers: true })), /a destination already/],
    ['who begins with something else', (door) => answerTo(clientOf(door), { completed: { pages: 2048 } }), /expected a hello/],
  ])('%s is refused', async (_, stranger, reason) => {
    const report = await besides(stranger);
    expectUnharmed(report);
    expect(report.heard).toMatch(reason);
    expect(report.refusals.join()).toMatch(reason);
    expect(report.heard).not.toContain('-4');
  }); // prettier-ignore

  test('who opens further streams is refused', async () => {
    const report = await besides(async (door) => {
      const client = clientOf(door);
      const ended = (stream: { on: (event: string, then: () => void) => void; resume?: () => void }) =>
        new Promise<void>((resolve) => {
          for (const event of ['end', 'error']) stream.on(event, resolve);
          stream.resume?.();
        });
      const page = client.makeServerStreamRequest(pages.path, pages.requestSerialize, pages.responseDeserialize, { migrationId: door.migrationId, channel: 0 }); // prettier-ignore
      const fault = client.makeBidiStreamRequest<FaultMessage, unknown>(faults.path, faults.requestSerialize, faults.responseDeserialize); // prettier-ignore
      fault.write({ migrationId: door.migrationId });
      for (let number = 0; number < strangersFaults; number++)
        fault.write({ request: { region: 0, page: number % 2048 } });
      await Promise.all([ended(page), ended(fault)]);
    });
    expectUnharmed(report);
    expect(report.refusals).toEqual([
      expect.stringContaining('pages stream'),
      expect.stringContaining('faults stream'),
    ]);
    // None of the stranger's. A fault whose page comes meanwhile, or that another vCPU has met, asks for nothing.
    expect(report.source.ram.postcopyRequests).toBeLessThanOrEqual(report.destination.faults.count);
    expect(report.destination.faults.count).toBeLessThan(strangersFaults);
  });

  test('whose message is too long is cut off', async () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `capability-${index}`);
    const report = await besides((door) =>
      answerTo(clientOf(door), helloOf(door.migrationId, { capabilities: names })),
    );
    expectUnharmed(report);
    expect(report.heard).toMatch(/RESOURCE_EXHAUSTED|larger than max/);
  });

  test.each<[string, Buffer]>([
    ['talks nonsense', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['sends noise', Buffer.alloc(100_000, 0xa5)],
    ['sends half a preface and waits', Buffer.from('PRI * HTT')],
  ])('who %s does no harm', async (_, bytes) => {
    expectUnharmed(await besides(async (door) => (await socketTo(door)).write(bytes)));
  });

  /** The answer to a stream of demand faults on which nothing is sent. */
  const silentFaults = (client: Client): Promise<string> =>
    new Promise((resolve) => {
      const stream = client.makeBidiStreamRequest<FaultMessage, unknown>(faults.path, faults.requestSerialize, faults.responseDeserialize); // prettier-ignore
      stream.on('error', (error) => {
        resolve(error.message);
      });
      stream.on('end', () => {
        resolve('ended');
      });
      stream.resume();
    });

  test.each<[string, (client: Client) => Promise<string>, RegExp, RegExp]>([
    ['who says nothing', (client) => answerTo(client, null), /expected a hello within/, /expected a hello within/],
    ['whose faults name no migration', silentFaults, /ended/, /the migration of a faults stream within/],
  ])('%s is turned away after a while', async (_, stranger, heard, told) => {
    let answer = Promise.resolve('');
    const report = await withLoopbackLab({}, (lab) =>
      lab.migrate(
        { strategy: 'pre-copy', limits: { maxBandwidthMbps: 5, maxRounds: 10_000 } },
        (event, outgoing, door) => {
          if (event.type === 'status' && event.status === 'active') answer = stranger(clientOf(door));
          if (event.type === 'refused') outgoing.control.setParameters({ maxBandwidthMbps: 0 });
        },
      ),
    );
    expectUnharmed(report);
    expect(await answer).toMatch(heard);
    const refusals = report.events.flatMap((event) => (event.type === 'refused' ? [event.reason] : []));
    expect(refusals.join()).toMatch(told);
  }); // prettier-ignore

  test('a destination with another version is told so, and the migration fails', async () => {
    const door = { port: await freePort(), migrationId: randomUUID() };
    const hello = { version: migrationVersion, migrationId: door.migrationId, regions: ramRegions(1), vcpus: 1, deviceStateBytes: 0, channels: 1, faultsInStream: false, capabilities: [] }; // prettier-ignore
    const events = { receipt: () => undefined, pageRequested: () => undefined, refused: () => undefined };
    const source = await listenOverGrpc(
      { address: '127.0.0.1', port: door.port },
      hello,
      new Waiters(),
      events,
    );
    try {
      const connected = source.untilConnected().then(() => 'connected', codeOf);
      expect(await answerTo(clientOf(door), helloOf(door.migrationId, { version: 99 }))).toMatch(/version/);
      expect(await connected).toBe('PROTOCOL_VIOLATION');
    } finally {
      await source.close(null);
    }
  });
});

describe('with capability tls', () => {
  test('the migration works as before', async () => {
    expectUnharmed(await besides(async () => undefined, { tls: true }));
  });

  test('a stranger without a certificate, or with one from another authority, learns nothing', async () => {
    const stranger = (await makeCertificates()).destination;
    const report = await besides(
      async (door) => {
        const foreign = clientCredentials(stranger);
        return Promise.all([
          answerTo(clientOf(door), helloOf(door.migrationId)),
          answerTo(clientOf(door, foreign.credentials, foreign.options), helloOf(door.migrationId)),
        ]);
      },
      { tls: true },
    );
    expectUnharmed(report);
    expect(report.heard).toEqual([
      expect.stringMatching(/UNAVAILABLE/),
      expect.stringMatching(/UNAVAILABLE/),
    ]);
  });
});

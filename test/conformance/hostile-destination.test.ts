import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Guest } from '#hosts/guest/guest';
import { outgoingOverGrpc } from '#hosts/over-grpc';
import { defaultCapabilities, defaultTransfer } from '#catalogue/capabilities';
import { defaultLimits } from '#catalogue/limits';
import type { SourceReport } from '#proto/control';
import type { AgentEvent } from '#proto/events';
import { destinationWords, legalAtSource, sourcePhases } from '#proto/migration-phases';
import type { DestinationWord, SourcePhase } from '#proto/migration-phases';
import type { FromDestination } from '#proto/migration';
import { eventually } from '../support/eventually.ts';
import { HostileDestination } from '../support/hostile-destination.ts';
import { freePort, loopbackAddresses, loopbackGuest } from '../support/loopback-migration.ts';

/** A real source, over loopback, and a destination that breaks the rules. */

let guest: Guest;

beforeAll(async () => {
  [guest] = await Guest.boot(loopbackGuest, 'source', loopbackAddresses.source);
});
afterAll(() => guest.destroy());
beforeEach(() => {
  guest.resume();
});
afterEach(() => guest.pause());

interface Meeting {
  destination: HostileDestination;
  report: SourceReport;
  refusals: string[];
}

/** Where else a destination may connect to, and the way to end it all. */
interface Source {
  port: number;
  migrationId: string;
  hasEnded: () => boolean;
  cancel: () => void;
}

const meet = async (
  act: (destination: HostileDestination, source: Source) => Promise<void>,
): Promise<Meeting> => {
  const at = { migrationId: randomUUID(), address: '127.0.0.1', port: await freePort() };
  const windows = {
    bulkWindowBytes: 1 << 20,
    roundEndWindowBytes: 1 << 20,
    postcopyWindowBytes: 1 << 16,
    postcopyMessageBytes: 1 << 14,
    leastMessageBytes: 1 << 14,
    orderBytes: 1 << 20,
  };
  const migration = {
    ...at,
    strategy: 'post-copy' as const,
    limits: defaultLimits,
    transfer: { ...defaultTransfer, ...windows },
    capabilities: defaultCapabilities,
  };
  const events: AgentEvent[] = [];
  let hasEnded = false;
  const cancellation = new AbortController();
  const destination = new HostileDestination(at.port, at.migrationId, guest.memory.pageCount);
  const outgoing = outgoingOverGrpc(guest, migration, (event) => events.push(event))
    .run(cancellation.signal)
    .finally(() => {
      hasEnded = true;
    });
  try {
    await act(destination, { ...at, hasEnded: () => hasEnded, cancel: () => cancellation.abort() });
    const report = await outgoing;
    const refusals = events.flatMap((event) => (event.type === 'refused' ? [event.reason] : []));
    return { destination, report, refusals };
  } finally {
    cancellation.abort();
    await outgoing;
    destination.close();
  }
};

/** The migration has ended for this reason, the destination was told, and the guest is where it may be. */
const expectRefused = ({ destination, report }: Meeting, reason: RegExp, runsOn: boolean): void => {
  expect(report).toMatchObject({ status: 'failed', error: { code: 'PROTOCOL_VIOLATION' } });
  expect(report.error!.message).toMatch(reason);
  const told = destination.heard.flatMap((message) => ('abort' in message ? [message.abort] : []));
  expect(told).toEqual([{ code: 'PROTOCOL_VIOLATION', reason: expect.stringMatching(reason) }]);
  expect(report.guestRunningAtEnd).toBe(runsOn);
};

const says: Readonly<Record<DestinationWord, (destination: HostileDestination) => void>> = {
  hello: (destination) => destination.say({ hello: destination.hello }),
  received: (destination) =>
    destination.say({ received: { region: 0, firstPage: 0, bitmap: Buffer.alloc(256) } }),
  ready: (destination) => destination.say({ ready: {} }),
  receipt: (destination) => destination.say({ receipt: { channel: 0, sequence: destination.unconfirmed } }),
  barrierReached: (destination) => destination.say({ barrierReached: { id: destination.barrier } }),
  resumed: (destination) => destination.say({ resumed: {} }),
  completed: (destination) => destination.say({ completed: { pages: guest.memory.pageCount } }),
  abort: (destination) => destination.say({ abort: { code: 'CANCELLED', reason: 'enough' } }),
  request: (destination) => destination.fault({ request: { region: 0, page: 3 } }),
  faultsHello: (destination) => destination.fault({ migrationId: 'again' }),
  nothing: (destination) => destination.say({} as FromDestination),
};

/** The order to resume is out: the guest may run over there. */
const isOrdered = (phase: SourcePhase): boolean => !['greeting', 'setup', 'active'].includes(phase);

/** Whether any value is within bounds there; if none is, the message is illegal because of its value. */
const hasValue = (phase: SourcePhase, word: DestinationWord): boolean =>
  word !== 'barrierReached' || phase === 'active';

describe('every message in every phase, as the table says', () => {
  const cases = sourcePhases
    // Whoever hasn't introduced itself is a stranger (strangers.test.ts); completed is the end; and what comes
    // over another connection, below.
    .filter((phase) => phase !== 'greeting' && phase !== 'completed' && phase !== 'recover')
    .flatMap((phase) => destinationWords.map((word) => [phase, word] as const))
    // There is no faults stream yet.
    .filter(([phase, word]) => phase !== 'setup' || (word !== 'request' && word !== 'faultsHello'));

  test.each(cases)('%s: %s', async (phase, word) => {
    const isLegal = legalAtSource[word].includes(phase) && hasValue(phase, word);
    const meeting = await meet(async (destination, { hasEnded }) => {
      await destination.reach(phase);
      says[word](destination);
      if (isLegal && word === 'request') {
        // On another stream: the next request shows that this one was accepted.
        destination.fault({ request: { region: 0, page: guest.memory.pageCount } });
      } else if (isLegal) says.abort(destination);
      await eventually('the end', hasEnded);
      if (!isLegal) await eventually('to be told why', () => destination.said('abort'));
    });
    if (isLegal && word === 'completed') expect(meeting.report.status).toBe('completed');
    else if (isLegal && word === 'request')
      expect(meeting.report.error?.message).toMatch(`request for a page from 0 to 2047, got 2048`);
    else if (isLegal) expect(meeting.report.error?.code).toBe('CANCELLED');
    else
      expectRefused(
        meeting,
        legalAtSource[word].includes(phase)
          ? /expected no barrier/
          : new RegExp(`in phase ${phase}, got ${word}`),
        !isOrdered(phase),
      );
  });

  test.each(destinationWords)('over a connection that recovers: %s', async (word) => {
    const isLegal = legalAtSource[word].includes('recover');
    const { report } = await meet(async (destination, { port, migrationId, hasEnded }) => {
      await destination.reach('running');
      destination.close();
      const again = new HostileDestination(port, migrationId, guest.memory.pageCount);
      try {
        await again.reach('recover');
        if (word === 'ready') says.received(again);
        says[word](again);
        if (word === 'request') again.fault({ request: { region: 0, page: guest.memory.pageCount } });
        else if (isLegal) says.abort(again);
        await eventually('the end', hasEnded);
      } finally {
        again.close();
      }
    });
    if (word === 'request') expect(report.error?.message).toMatch('got 2048');
    else if (isLegal) expect(report.error?.code).toBe('CANCELLED');
    else expect(report.error?.message).toMatch(`in phase recover, got ${word}`);
    expect(report.status).toBe('failed');
  });

  test('a destination that keeps to the rules completes', async () => {
    const { report } = await meet(async (destination, { hasEnded }) => {
      await destination.reach('completed');
      await eventually('the end', hasEnded);
    });
    expect(report).toMatchObject({ status: 'completed', error: null, guestRunningAtEnd: false });
  });
});

describe('a false claim of completion', () => {
  const lies: FromDestination[] = [
    { barrierReached: { id: 2 ** 52 } },
    { resumed: {} },
    { completed: { pages: 2048 } },
    ...Array.from({ length: 9 }, (_, index) => ({ receipt: { channel: 0, sequence: 2 ** 53 - 1 - index } })),
  ];

  test('all of the final messages right after Ready: the guest runs on', async () => {
    const meeting = await meet(async (destination, { hasEnded }) => {
      await destination.reach('active');
      for (const lie of lies) destination.say(lie);
      await eventually('the end', hasEnded);
      await eventually('to be told why', () => destination.said('abort'));
    });
    expectRefused(meeting, /expected barrier 1 to be reached, got barrier 4503599627370496/, true);
  });

  test.each(lies.slice(0, 4).map((lie) => [Object.keys(lie).join(), lie] as const))(
    '%s alone, and the connection is lost',
    async (_, lie) => {
      const { report } = await meet(async (destination, { hasEnded }) => {
        await destination.reach('active');
        destination.say(lie);
        // So that it is heard before the connection ends.
        await eventually('to be told why', () => destination.said('abort'));
        destination.close();
        await eventually('the end', hasEnded);
      });
      expect(report).toMatchObject({ status: 'failed', guestRunningAtEnd: true });
      expect(report.error?.code).toBe('PROTOCOL_VIOLATION');
    },
  );

  test('a page requested again and again is one request', async () => {
    const meeting = await meet(async (destination, { hasEnded }) => {
      await destination.reach('running');
      for (let request = 0; request < 1000; request++)
        destination.fault({ request: { region: 0, page: 2047 } });
      await eventually('the end', hasEnded);
      await eventually('to be told why', () => destination.said('abort'));
    });
    expectRefused(meeting, /once over a connection, got page 2047 again/, false);
    expect(meeting.report.ram.postcopyRequests).toBe(1);
  });
});

import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { deviceStateBytesOf } from '#hosts/guest/device-state';
import type { Guest } from '#hosts/guest/guest';
import { destinationPhases, legalAtDestination, sourceWords } from '#proto/migration-phases';
import type { DestinationPhase, SourceWord } from '#proto/migration-phases';
import type { FromSource } from '#proto/migration';
import { pageSizeBytes } from '#proto/units';
import { eventually } from '../support/eventually.ts';
import { noPages } from '../support/hostile-source.ts';
import type { HostileSource } from '../support/hostile-source.ts';
import { loopbackGuest } from '../support/loopback-migration.ts';
import { MetDestination } from '../support/met-destination.ts';
import type { Meeting } from '../support/met-destination.ts';

/** A real destination, over loopback, and a source that breaks the rules. */

let destination: MetDestination;
let guest: Guest;

beforeAll(async () => {
  destination = await MetDestination.boot();
  ({ guest } = destination);
});
afterAll(() => destination.destroy());
afterEach(() => destination.reset());

/** It has ended for this reason, and the source was told. */
const expectRefused = (
  { source, report }: Meeting,
  reason = /expected .*, got |says that it has sent/,
): void => {
  expect(report).toMatchObject({ status: 'failed', error: { code: 'PROTOCOL_VIOLATION' } });
  expect(report.error!.message).toMatch(reason);
  const told = source.heard.flatMap((message) => ('abort' in message ? [message.abort] : []));
  expect(told).toEqual([{ code: 'PROTOCOL_VIOLATION', reason: report.error!.message }]);
};

/** Sends a message with a value within bounds wherever it is legal. @returns whether it was accepted. */
const says: Readonly<Record<SourceWord, (source: HostileSource, phase: DestinationPhase) => () => boolean>> =
  {
    hello: (source) => {
      source.say({ hello: source.hello });
      return () => source.said('ready');
    },
    barrier: (source) => {
      source.say({ barrier: { id: source.nextBarrier(), after: [...source.sequences] } });
      return () => source.said('barrierReached');
    },
    allPagesSent: (source) => {
      const after = source.sequences.map((sequence) => sequence + 1);
      source.say({ allPagesSent: { after, pages: source.pageCount } });
      return () => true;
    },
    abort: (source) => {
      source.say({ abort: { code: 'CANCELLED', reason: 'enough' } });
      return () => true;
    },
    pages: (source) => {
      source.send(1, source.zeroPages(2000, 1));
      return () => source.isConfirmed(1);
    },
    discard: (source) => {
      source.send(0, { discard: { region: 0, runs: [0, 1] } });
      return () => source.isConfirmed(0);
    },
    deviceState: (source, phase) => {
      source.send(0, source.statePiece(phase === 'device-state'));
      return () => source.isConfirmed(0);
    },
    resume: (source) => {
      source.send(0, { resume: { mode: 'POSTCOPY', after: [...source.sequences] } });
      return () => source.said('resumed');
    },
    padding: (source) => {
      source.send(0, { padding: Buffer.alloc(100) });
      return () => source.isConfirmed(0);
    },
    answer: (source) => {
      const page = source.requests[0] ?? 0;
      source.answer(source.zeroPages(page, 1));
      return () => guest.memory.isPresent(page);
    },
    otherAnswer: (source) => {
      source.answer({ padding: Buffer.alloc(1) });
      return () => false;
    },
    nothing: (source) => {
      source.say({} as FromSource);
      return () => false;
    },
  };

const isOnControl = (word: SourceWord): boolean =>
  ['hello', 'barrier', 'allPagesSent', 'abort', 'nothing'].includes(word);

describe('every message in every phase, as the table says', () => {
  // Before the hello there are no streams for the others.
  const cases = destinationPhases.flatMap((phase) =>
    sourceWords.flatMap((word) =>
      phase === 'greeting' && !isOnControl(word) ? [] : [[phase, word] as const],
    ),
  );

  test.each(cases)('%s: %s', async (phase, word) => {
    const isLegal = legalAtDestination[word].includes(phase);
    const meeting = await destination.meet(async (source, hasEnded) => {
      await source.reach(phase);
      const isTaken = says[word](source, phase);
      await eventually(`${word} to be taken or refused`, () => isTaken() || hasEnded());
      if (isLegal && !hasEnded()) says.abort(source, phase);
      await eventually('the end', hasEnded);
    });
    if (isLegal) expect(meeting.report.error?.code).toBe('CANCELLED');
    else expectRefused(meeting, new RegExp(`of the source in phase ${phase}, got ${word}`));
  });

  test.each([0, 1])('an empty message on pages stream %i', async (channel) => {
    const meeting = await destination.meet(async (source, hasEnded) => {
      await source.reach('memory');
      source.send(channel, {} as never);
      await eventually('the end', hasEnded);
    });
    expectRefused(meeting, /in phase memory, got nothing/);
  });

  test('a source that keeps to the rules completes', async () => {
    const { report } = await destination.meet(async (source) => {
      await source.reach('complete');
      source.close();
    });
    expect(report).toMatchObject({ status: 'completed', error: null });
  });
});

describe('a false claim of completion', () => {
  test('every page, but no order to resume', async () => {
    const meeting = await destination.meet(async (source, hasEnded) => {
      await source.reach('memory');
      source.send(0, source.zeroPages(0, source.pageCount));
      source.say({ allPagesSent: { after: [1, 0], pages: source.pageCount } });
      await eventually('the end', hasEnded);
    });
    expectRefused(meeting, /expected the order to resume before allPagesSent/);
    expect(guest.isRunning).toBe(false);
  });

  test('hanging up while every page is still missing', async () => {
    const { report, source } = await destination.meet(async (hostile) => {
      await hostile.reach('memory');
      hostile.say({ allPagesSent: { after: [1, 0], pages: hostile.pageCount } });
      hostile.send(1, hostile.zeroPages(0, hostile.pageCount));
      await eventually('a receipt', () => hostile.isConfirmed(1) || hostile.said('abort'));
      hostile.close();
    });
    expect(report.status).toBe('failed');
    expect(source.said('completed')).toBe(false);
  });

  test('a device state of one byte, with the right digest for it', async () => {
    const state = Buffer.alloc(1);
    const digest = createHash('sha256').update(state).digest();
    const meeting = await destination.meet(async (source, hasEnded) => {
      await source.reach('memory');
      source.send(0, { deviceState: { state, digest } });
      await eventually('the end', hasEnded);
    });
    expectRefused(meeting, /expected bytes of digest 0, got 32/);
  });

  test('a device state that never ends', async () => {
    let pieces = 0;
    const meeting = await destination.meet(async (source, hasEnded) => {
      await source.reach('memory');
      for (; pieces < 100 && !hasEnded(); pieces++) {
        source.send(0, { deviceState: { state: Buffer.alloc(1024), digest: Buffer.alloc(0) } });
        await eventually('a receipt', () => source.isConfirmed(0) || source.said('abort'));
      }
      await eventually('the end', hasEnded);
    });
    expectRefused(meeting);
    expect(pieces * 1024).toBe(deviceStateBytesOf(loopbackGuest));
  });

  test('discards of everything after the resume', async () => {
    const meeting = await destination.meet(async (source, hasEnded) => {
      await source.reach('running');
      source.send(1, source.zeroPages(2000, 1));
      await eventually('a receipt', () => source.isConfirmed(1));
      source.send(0, { discard: { region: 0, runs: [0, source.pageCount] } });
      await eventually('the end', hasEnded);
    });
    expectRefused(meeting, /got discard/);
    expect(guest.memory.isPresent(2000)).toBe(true);
  });
});

describe('unbounded counts and sums', () => {
  test.each([0, 17, 2000, 50_000_000, 4_294_967_295])(
    '%i channels: no stream is opened',
    async (channels) => {
      const meeting = await destination.meet(async (source, hasEnded) => {
        await source.reach('greeting');
        source.say({ hello: { ...source.hello, channels } });
        await eventually('the end', hasEnded);
      });
      expectRefused(meeting, /expected channels from 1 to 16/);
      expect(meeting.source.pagesStreams).toBe(0);
    },
  );

  test('300 hellos on a stream: the first opens its streams, the second ends it', async () => {
    const meeting = await destination.meet(async (source, hasEnded) => {
      await source.reach('greeting');
      for (let hello = 0; hello < 300; hello++) source.say({ hello: source.hello });
      await eventually('the end', hasEnded);
    });
    expectRefused(meeting, /got hello/);
    expect(meeting.source.pagesStreams).toBeLessThanOrEqual(2);
  });

  test.each(['-1', '1000000000', '0', '1024.5'])('dedup=%s', async (value) => {
    const meeting = await destination.meet(async (source, hasEnded) => {
      await source.reach('greeting');
      source.say({ hello: { ...source.hello, capabilities: [{ name: 'dedup', value }] } });
      await eventually('the end', hasEnded);
    });
    expectRefused(meeting, /expected dedup with a whole number from 1 to 1024/);
  });

  test('4 MiB of zstd entries: nothing is decoded', async () => {
    const pages = [...Array(2048).keys()];
    const data = zstdCompressSync(Buffer.alloc(2048 * pageSizeBytes));
    const encoded = Array.from({ length: 400 }, () => ({ encoding: 'zstd', pages, data }));
    const meeting = await destination.meet(
      async (source, hasEnded) => {
        await source.reach('memory');
        source.send(0, { pages: { ...noPages, encoded } });
        await eventually('the end', hasEnded);
      },
      { capabilities: [{ name: 'zstd', value: '1' }] },
    );
    expectRefused(meeting, /expected pages of zstd once in a message/);
    expect(meeting.report.received.encodedPages).toBe(0);
  });

  test('3.9 MB of runs of the whole guest: nothing is installed', async () => {
    const meeting = await destination.meet(async (source, hasEnded) => {
      await source.reach('memory');
      const runs = Array.from({ length: 1_300_000 }, () => [0, source.pageCount]).flat();
      source.send(0, source.zeroPages(...runs.slice(0, 2)));
      await eventually('a receipt', () => source.isConfirmed(0));
      source.send(0, { pages: { ...noPages, zeroRuns: runs } });
      await eventually('the end', hasEnded);
    });
    expectRefused(meeting, /expected ascending runs/);
    expect(meeting.report.received.zeroPages).toBe(meeting.source.pageCount);
  });
});

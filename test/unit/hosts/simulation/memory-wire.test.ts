import { beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryWire } from '#hosts/simulation/memory-wire';
import { VirtualClock } from '#hosts/simulation/virtual-clock';
import { isUnreadable } from '#hosts/transfer/unreadable';
import type { ControlAtSource, Dialled, SourceVisits, StreamEvents } from '#hosts/transfer/wire';
import { codeOf } from '#proto/errors';
import { leastTimeouts } from '#proto/link-timeouts';

let clock: VirtualClock;
let wire: MemoryWire;
let seen: [string, number][];
let atSource: ControlAtSource | null;
let startMs: number;

const see = (name: string): void => void seen.push([name, Math.round(clock.nowMs() - startMs)]);
/** Notes all that an end hears. */
const noting = <T>(who: string): StreamEvents<T> => ({
  data: (message) => {
    const word = isUnreadable(message as object) ? 'unreadable' : Object.keys(message as object)[0];
    see(`${who}: ${word}`);
  },
  ended: () => {
    see(`${who}: ended`);
  },
  lost: (error) => {
    see(`${who}: ${codeOf(error)}`);
  },
});
const visits: SourceVisits = {
  control: (stream) => {
    see('visit');
    atSource = stream;
    stream.listen(noting('source'));
  },
  pages: (stream, opening) => {
    see(`pages ${isUnreadable(opening) ? '?' : opening.channel}`);
    stream.write({ sequence: 1, padding: Buffer.alloc(5000) });
  },
  faults: (stream) => {
    stream.listen(noting('faults'));
  },
};
const pass = (ms: number): Promise<void> =>
  clock.run(new Promise<void>((resolve) => clock.timer(ms, resolve)), ms);

/** 20 ms there and back, and practically no time for the bytes. */
beforeEach(() => {
  clock = new VirtualClock();
  startMs = clock.nowMs();
  seen = [];
  atSource = null;
  const link = { rateMbps: 1e6, delayMs: 10, queueBytes: 1e6 };
  wire = new MemoryWire({ clock, upward: link, downward: link, timeouts: leastTimeouts });
});

const connected = async (isPatient = true): Promise<Dialled> => {
  const dialled = wire.destination.dial(isPatient);
  const control = dialled.control();
  control.listen(noting('destination'));
  control.write({ ready: {} });
  return dialled;
};

describe('the wire in memory', () => {
  test('takes a round trip to connect, and then delivers earlier messages', async () => {
    await wire.source.open(visits);
    await connected();
    await pass(35);
    atSource?.write({ abort: { code: 'CANCELLED', reason: '' } });
    await pass(65);
    expect(seen).toEqual([
      ['visit', 30],
      ['source: ready', 30],
      ['destination: abort', 45],
    ]);
  });

  test('has a stream of pages for each channel, identified by its number', async () => {
    await wire.source.open(visits);
    const dialled = await connected();
    dialled.pages({ migrationId: 'm', channel: 3 }).listen(noting('bulk'));
    await pass(100);
    expect(seen).toContainEqual(['pages 3', 30]);
    expect(seen).toContainEqual(['bulk: sequence', 40]);
  });

  test('a patient destination waits for a source that does not listen yet; an impatient one is refused', async () => {
    await connected(false);
    await pass(50);
    expect(seen).toEqual([['destination: CONNECTION_LOST', 20]]);
    expect(wire.connections.size).toBe(0);
    seen = [];
    await connected(true);
    await pass(50);
    await wire.source.open(visits);
    await pass(200);
    expect(seen.map(([what]) => what)).toEqual(['visit', 'source: ready']);
  });

  test('a knock finds out whether somebody listens', async () => {
    const knock = (): Promise<string> => clock.run(wire.destination.knock(1000), 2000);
    expect(await knock()).toBe('refused');
    await wire.source.open(visits);
    expect(await knock()).toBe('open');
    wire.cut(5000);
    expect(await knock()).toBe('silent');
  });

  test('a destination’s hang-up arrives after its messages', async () => {
    await wire.source.open(visits);
    const dialled = await connected();
    dialled.faults().listen(noting('urgent'));
    await pass(100);
    dialled.close();
    await pass(100);
    const heard = seen.map(([what]) => what);
    expect(heard).toEqual(expect.arrayContaining(['source: ended', 'faults: CONNECTION_LOST']));
    const closed = wire.source.close();
    atSource?.end();
    await clock.run(closed, 1000);
    expect(wire.connections.size).toBe(0);
  });

  test('connections that are dropped are lost to both ends at once', async () => {
    await wire.source.open(visits);
    await connected();
    await pass(100);
    wire.drop();
    expect(seen.slice(2)).toEqual([
      ['destination: CONNECTION_LOST', 100],
      ['source: CONNECTION_LOST', 100],
    ]);
  });

  test('a cut longer than the keepalive allows loses the connection; a shorter one does not', async () => {
    await wire.source.open(visits);
    await connected();
    await pass(100);
    wire.cut(9000);
    await pass(30_000);
    expect(seen).toHaveLength(2);
    wire.cut(30_000);
    await pass(60_000);
    expect(seen.slice(2).map(([what]) => what)).toEqual(
      expect.arrayContaining(['destination: CONNECTION_LOST']),
    );
  });

  test('the source never hears of destinations that give up during a cut; one that persists gets through afterwards', async () => {
    await wire.source.open(visits);
    wire.cut(5000);
    for (let attempt = 0; attempt < 3; attempt++) {
      const given = await connected(false);
      await pass(1000);
      given.close();
    }
    expect(wire.connections.size).toBe(0);
    await pass(10_000);
    expect(seen).toEqual([]);
    await connected(false);
    await pass(100);
    expect(seen.map(([what]) => what)).toEqual(['visit', 'source: ready']);
  });

  test('bytes that are not a message are reported as unreadable', async () => {
    await wire.source.open(visits);
    const { serialize } = { serialize: (): Buffer => Buffer.from([0x12, 0x7f, 1]) };
    wire.corrupt = (stream, message) => (stream === 'control' ? serialize() : message);
    await connected();
    await pass(100);
    expect(seen).toContainEqual(['source: unreadable', 30]);
  });
});

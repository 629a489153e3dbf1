import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Lease } from '#hosts/lease';
import { fuzz } from '#test/support/fuzz';

const terms = { silenceMs: 1000, graceMs: 100 };
let ends: string[];
beforeEach(() => {
  ends = [];
});
const make = (isRequired: boolean, ended: () => Promise<void> = async () => undefined): Lease =>
  new Lease({
    ...terms,
    isRequired,
    ended: (why) => {
      ends.push(why);
      return ended();
    },
  });

describe('a lease', () => {
  test('lasts as long as its holder is heard from, and no longer', async () => {
    const lease = make(false);
    const stream = {};
    expect(await lease.take('a', 'first', stream)).toBeNull();
    for (let beat = 0; beat < 50; beat++) {
      lease.passed(999);
      lease.heard(stream);
    }
    expect(ends).toEqual([]);
    lease.passed(999);
    expect(ends).toEqual([]);
    lease.passed(1);
    expect(ends).toEqual([expect.stringContaining('first is gone: there was no word for 1000 ms')]);
    lease.passed(10_000);
    expect(ends.length).toBe(1);
  });

  test('survives a broken stream for a grace period, in which its holder may come back', async () => {
    const lease = make(false);
    const streams = [{}, {}] as const;
    await lease.take('a', 'first', streams[0]);
    lease.left(streams[0]);
    lease.passed(99);
    expect(await lease.take('a', 'first', streams[1])).toBeNull();
    // The end of the previous stream is reported late.
    lease.left(streams[0]);
    lease.passed(999);
    expect(ends).toEqual([]);
    lease.left(streams[1]);
    lease.passed(100);
    expect(ends.length).toBe(1);
  });

  test('is given to nobody else while held; whoever waits gets the host, reset, once it is free', async () => {
    const gone = Promise.withResolvers<undefined>();
    const lease = make(false, () => gone.promise);
    const stream = {};
    await lease.take('a', 'first', stream);
    expect(await lease.take('b', 'second', {})).toContain('first does; wait for its end');
    lease.left(stream);
    let taken: string | null | undefined;
    const second = lease.take('b', 'second', {}).then((refusal) => (taken = refusal));
    lease.passed(100);
    await new Promise(setImmediate);
    expect({ ends: ends.length, taken }).toEqual({ ends: 1, taken: undefined });
    gone.resolve(undefined);
    await second;
    expect(taken).toBeNull();
  });

  test('is not given to a client that left while waiting, which keeps nobody else waiting', async () => {
    const lease = make(false);
    const [first, second] = [{}, {}];
    await lease.take('a', 'first', first);
    lease.left(first);
    const waiting = lease.take('b', 'second', second);
    lease.left(second);
    lease.passed(100);
    expect(await waiting).toContain('it has left');
    expect(await lease.take('c', 'third', {})).toBeNull();
    expect(ends).toEqual([expect.stringContaining('first is gone')]);
  });

  test('runs before anyone has taken it if it is required, and otherwise never', () => {
    make(false).passed(1e9);
    expect(ends).toEqual([]);
    const lease = make(true);
    lease.passed(999);
    expect(ends).toEqual([]);
    lease.passed(1);
    expect(ends.length).toBe(1);
  });

  test('ends at once when released, by its holder only', async () => {
    const lease = make(true);
    const stream = {};
    await lease.take('a', 'first', stream);
    await lease.release({});
    expect(ends).toEqual([]);
    await lease.release(stream);
    expect(ends).toEqual(['first is through']);
  });

  type Step = ['take' | 'left' | 'heard' | 'release', number] | ['passed', number];
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.tuple(
      fc.constantFrom<'take' | 'left' | 'heard' | 'release'>('take', 'left', 'heard', 'release'),
      fc.nat(3),
    ),
    fc.tuple(fc.constant<'passed'>('passed'), fc.nat(600)),
  );
  fuzz(
    'is held by one at a time, and silence always ends it',
    fc.array(step, { maxLength: 30 }),
    async (steps) => {
      let ended = 0;
      const lease = new Lease({
        ...terms,
        isRequired: false,
        ended: async () => {
          ended++;
        },
      });
      const streams = [{}, {}, {}, {}];
      let holder: number | null = null;
      for (const [what, value] of steps) {
        const before = ended;
        if (what === 'passed') lease.passed(value);
        else if (what === 'take') {
          const taken = lease.take(String(value), `harness ${value}`, streams[value]!);
          const refusal = await Promise.race([
            taken,
            new Promise<'waits'>((resolve) => setImmediate(() => resolve('waits'))),
          ]);
          if (refusal === 'waits') return true;
          if (refusal === null) {
            if (holder !== null && holder !== value) return false;
            holder = value;
          } else if (holder === null || holder === value) return false;
        } else if (what === 'release') await lease.release(streams[value]!);
        else lease[what](streams[value]!);
        // Whoever comes back does so on another stream.
        if (what === 'left') streams[value] = {};
        if (ended > before) {
          if (holder === null) return false;
          holder = null;
        }
        await new Promise(setImmediate);
      }
      lease.passed(terms.silenceMs);
      return ended === 0 ? holder === null : true;
    },
  );
});

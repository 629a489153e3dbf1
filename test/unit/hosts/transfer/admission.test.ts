import { describe, expect, test } from '@jest/globals';
import { realClock } from '#hosts/clock';
import { disagreementOf, refusalOf, untilHello } from '#hosts/transfer/admission';
import type { ControlAtSource, StreamEvents } from '#hosts/transfer/wire';
import { LivemigError } from '#proto/errors';
import type { DestinationHello, FromDestination, SourceHello } from '#proto/migration';
import { migrationVersion } from '#proto/migration';
import { ramRegions } from '#test/support/rules';

const ours: SourceHello = {
  version: migrationVersion,
  migrationId: 'ours',
  regions: ramRegions(1),
  vcpus: 1,
  deviceStateBytes: 1,
  channels: 1,
  faultsInStream: false,
  capabilities: [{ name: 'zstd', value: '3' }],
};
const hello: DestinationHello = {
  version: migrationVersion,
  migrationId: 'ours',
  capabilities: ['zstd', 'dedup'],
  recovers: false,
  resumed: false,
};
const none = { count: 0, isUp: false };

describe('a client that comes', () => {
  /** A stream that only tells what was done with it. */
  const visit = () => {
    const told: string[] = [];
    let events!: StreamEvents<FromDestination>;
    let ring: () => void = () => undefined;
    const stream: ControlAtSource = {
      listen: (given) => {
        events = given;
      },
      write: () => told.push('write'),
      end: () => told.push('end'),
      destroy: () => told.push('destroy'),
    };
    const clock = { ...realClock, timer: (_: number, act: () => void) => ((ring = act), () => (ring = () => undefined)) };
    const admitted = (): number => told.push('admitted');
    untilHello(stream, clock, 10, (reason) => told.push(reason), admitted);
    return { told, events, ring: () => { ring(); } };
  }; // prettier-ignore

  test.each<[string, (visited: ReturnType<typeof visit>) => void, string[]]>([
    ['says hello', ({ events }) => { events.data({ hello }); }, ['admitted']],
    ['says it twice', ({ events }) => { events.data({ hello }); events.data({ hello }); }, ['admitted']],
    ['says hello too late', ({ events, ring }) => { ring(); events.data({ hello }); }, ['expected a hello within 10 ms']],
    ['says something else first', ({ events, ring }) => { events.data({ resumed: {} }); events.data({ hello }); ring(); }, ['expected a hello']],
    ['leaves first', ({ events, ring }) => { events.ended(); events.data({ hello }); ring(); }, ['end']],
    ['is lost first', ({ events, ring }) => { events.lost(new LivemigError('AGENT_UNREACHABLE', 'lost')); events.data({ hello }); ring(); }, []],
  ])('and %s', (_, act, told) => {
    const visitor = visit();
    act(visitor);
    expect(visitor.told).toEqual(told);
  }); // prettier-ignore
});

describe('which client is the destination', () => {
  test.each([
    ['the first that knows the migration', {}, none, null],
    ['the one that comes back', { recovers: true }, { count: 1, isUp: false }, null],
    ['not who has another migration', { migrationId: 'theirs' }, none, 'expected another migration'],
    ['not a second one', {}, { count: 1, isUp: true }, /has a destination already/],
    [
      'not a second one that recovers',
      { recovers: true },
      { count: 1, isUp: true },
      /has a destination already/,
    ],
    ['not who recovers what has not begun', { recovers: true }, none, 'expected a destination that begins'],
    ['not who begins anew', {}, { count: 1, isUp: false }, 'expected a destination that recovers'],
  ])('%s', (_, change, connections, refusal) => {
    const found = refusalOf({ ...hello, ...change }, ours, connections);
    if (refusal instanceof RegExp) expect(found).toMatch(refusal);
    else expect(found).toBe(refusal);
  });
});

describe('what both sides must agree on', () => {
  test.each([
    ['nothing is missing', {}, null],
    ['the version', { version: 1 }, `expected protocol version ${migrationVersion}, got 1`],
    ['a capability that is on', { capabilities: ['dedup'] }, 'expected a destination that knows zstd'],
  ])('%s', (_, change, disagreement) => {
    expect(disagreementOf({ ...hello, ...change }, ours)).toBe(disagreement);
  });
});

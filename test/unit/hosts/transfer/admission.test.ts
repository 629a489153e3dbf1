import { describe, expect, test } from '@jest/globals';
import { disagreementOf, refusalOf } from '../../../../hosts/transfer/admission.ts';
import type { DestinationHello, SourceHello } from '../../../../proto/migration.ts';
import { migrationVersion } from '../../../../proto/migration.ts';

const ours: SourceHello = {
  version: migrationVersion,
  migrationId: 'ours',
  pageSizeBytes: 4096,
  pageCount: 1,
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

describe('who is the destination', () => {
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

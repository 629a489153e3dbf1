import { pageSizeBytes } from '../../../proto/units.ts';
import type { BodySource, PageBody } from './page-body.ts';
import { headerBytes } from './page-body.ts';
import { hashOf, poolOffsetOf } from './pool.ts';

const bodyBytes = pageSizeBytes - headerBytes;
/** With the 8 bytes of the header that a write changes, less than 64. */
const changedBytes = 48;
/** No version of a page is 0: the part that stays. */
const constant = 0;

/** Where in its body a page changes: always in the same place, as a counter or a lock does. */
const changedAt = (page: number, seed: number): number =>
  hashOf(page, constant, ~seed) % (bodyBytes - changedBytes);

/** Random bytes of which a write changes 48: what delta compression lives on. */
export const sparseBody = ({ pool, seed }: BodySource): PageBody => ({
  write: (segment, offset, page, version) => {
    const body = offset + headerBytes;
    const stays = poolOffsetOf(page, constant, seed);
    pool.copy(segment, body, stays, stays + bodyBytes);
    const changes = poolOffsetOf(page, version, seed);
    pool.copy(segment, body + changedAt(page, seed), changes, changes + changedBytes);
  },
  matches: (segment, offset, page, version) => {
    const body = offset + headerBytes;
    const stays = poolOffsetOf(page, constant, seed);
    const changes = poolOffsetOf(page, version, seed);
    const from = changedAt(page, seed);
    const end = from + changedBytes;
    const isPart = (at: number, until: number, source: number): boolean =>
      pool.compare(segment, body + at, body + until, source, source + until - at) === 0;
    return isPart(0, from, stays) && isPart(from, end, changes) && isPart(end, bodyBytes, stays + end);
  },
});

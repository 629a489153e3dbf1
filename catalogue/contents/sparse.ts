import { defineContent } from '../content.ts';
import { pageSizeBytes } from '#proto/units';
import type { BodySource, PageBody } from './parts/page-body.ts';
import { headerBytes } from './parts/page-body.ts';
import { hashOf, poolOffsetOf } from './parts/pool.ts';

const bodyBytes = pageSizeBytes - headerBytes;
/** Together with the 8 header bytes that a write changes, fewer than 64. */
const changedBytes = 48;
/** No page has version 0, so it selects the part that never changes. */
const constant = 0;

/** Where a page's body changes: always in the same place, like a counter or a lock. */
const changedAt = (page: number, seed: number): number =>
  hashOf(page, constant, ~seed) % (bodyBytes - changedBytes);

/** Random bytes, of which a write changes 48: the case that delta compression is made for. */
const sparseBody = ({ pool, seed }: BodySource): PageBody => ({
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

export default defineContent({
  name: 'sparse',
  help: 'random bytes, of which each write changes 48',
  body: sparseBody,
});

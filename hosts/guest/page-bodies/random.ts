import { pageSizeBytes } from '../../../proto/units.ts';
import type { BodySource, PageBody } from './page-body.ts';
import { headerBytes } from './page-body.ts';
import { poolOffsetOf } from './pool.ts';

const bodyBytes = pageSizeBytes - headerBytes;

/** Bytes that nothing can shorten, all of them others with every version. */
export const randomBody = ({ pool, seed }: BodySource): PageBody => ({
  write: (segment, offset, page, version) => {
    const from = poolOffsetOf(page, version, seed);
    pool.copy(segment, offset + headerBytes, from, from + bodyBytes);
  },
  matches: (segment, offset, page, version) => {
    const from = poolOffsetOf(page, version, seed);
    return pool.compare(segment, offset + headerBytes, offset + pageSizeBytes, from, from + bodyBytes) === 0;
  },
});

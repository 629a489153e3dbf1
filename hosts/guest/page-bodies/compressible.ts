import { pageSizeBytes } from '../../../proto/units.ts';
import type { BodySource, PageBody } from './page-body.ts';
import { headerBytes } from './page-body.ts';
import { poolOffsetOf } from './pool.ts';

/** 4080 bytes are three of these. */
const stretchBytes = (pageSizeBytes - headerBytes) / 3;

/** The same random stretch three times, others with every version: compressors make a third of it. */
export const compressibleBody = ({ pool, seed }: BodySource): PageBody => ({
  write: (segment, offset, page, version) => {
    const from = poolOffsetOf(page, version, seed);
    const end = offset + pageSizeBytes;
    for (let at = offset + headerBytes; at < end; at += stretchBytes)
      pool.copy(segment, at, from, from + stretchBytes);
  },
  matches: (segment, offset, page, version) => {
    const from = poolOffsetOf(page, version, seed);
    const end = offset + pageSizeBytes;
    for (let at = offset + headerBytes; at < end; at += stretchBytes)
      if (pool.compare(segment, at, at + stretchBytes, from, from + stretchBytes) !== 0) return false;
    return true;
  },
});

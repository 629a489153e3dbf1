import { defineContent } from '../content.ts';
import { pageSizeBytes } from '#proto/units';
import type { BodySource, PageBody } from './parts/page-body.ts';
import { headerBytes } from './parts/page-body.ts';
import { poolOffsetOf } from './parts/pool.ts';

/** 4080 bytes are three of these. */
const stretchBytes = (pageSizeBytes - headerBytes) / 3;

/** The same random bytes three times, new with every version: compressors reduce them to a third. */
const compressibleBody = ({ pool, seed }: BodySource): PageBody => ({
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

export default defineContent({
  name: 'compressible',
  help: 'a third of a page of random bytes, repeated three times: zstd reduces it to a third',
  body: compressibleBody,
});

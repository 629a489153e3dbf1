import { defineContent } from '../content.ts';
import { pageSizeBytes } from '#proto/units';
import type { BodySource, PageBody } from './parts/page-body.ts';
import { headerBytes } from './parts/page-body.ts';
import { poolOffsetOf } from './parts/pool.ts';

const bodyBytes = pageSizeBytes - headerBytes;

/** Incompressible bytes, all of them new with every version. */
const randomBody = ({ pool, seed }: BodySource): PageBody => ({
  write: (segment, offset, page, version) => {
    const from = poolOffsetOf(page, version, seed);
    pool.copy(segment, offset + headerBytes, from, from + bodyBytes);
  },
  matches: (segment, offset, page, version) => {
    const from = poolOffsetOf(page, version, seed);
    return pool.compare(segment, offset + headerBytes, offset + pageSizeBytes, from, from + bodyBytes) === 0;
  },
});

export default defineContent({
  name: 'random',
  isDefault: true,
  help: 'incompressible bytes, all of them new with every write',
  body: randomBody,
});

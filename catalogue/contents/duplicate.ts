import { defineContent } from '../content.ts';
import { pageSizeBytes } from '#proto/units';
import type { BodySource, PageBody } from './parts/page-body.ts';
import { headerBytes } from './parts/page-body.ts';
import { hashOf } from './parts/pool.ts';

const bodyBytes = pageSizeBytes - headerBytes;
/** The number of different bodies in the whole region. */
const bodyCount = 256;

/** One of 256 random bodies, another with every version: many pages differ only in their headers. */
const duplicateBody = ({ pool, seed }: BodySource): PageBody => {
  const fromOf = (page: number, version: number): number =>
    (hashOf(page, version, seed) % bodyCount) * pageSizeBytes;
  return {
    write: (segment, offset, page, version) => {
      const from = fromOf(page, version);
      pool.copy(segment, offset + headerBytes, from, from + bodyBytes);
    },
    matches: (segment, offset, page, version) => {
      const from = fromOf(page, version);
      return (
        pool.compare(segment, offset + headerBytes, offset + pageSizeBytes, from, from + bodyBytes) === 0
      );
    },
  };
};

export default defineContent({
  name: 'duplicate',
  help: 'one of 256 random bodies, another with every write: many pages differ only in their headers',
  body: duplicateBody,
});

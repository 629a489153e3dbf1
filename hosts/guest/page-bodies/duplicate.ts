import { pageSizeBytes } from '../../../proto/units.ts';
import type { BodySource, PageBody } from './page-body.ts';
import { headerBytes } from './page-body.ts';
import { hashOf } from './pool.ts';

const bodyBytes = pageSizeBytes - headerBytes;
/** As many as there are different bodies in the whole region. */
const bodyCount = 256;

/** One of 256 random bodies, with every version another: many pages are the same but for their header. */
export const duplicateBody = ({ pool, seed }: BodySource): PageBody => {
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

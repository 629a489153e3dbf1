import { pageSizeBytes, uniformPatternBytes } from '../../../proto/units.ts';
import type { PageBody } from './page-body.ts';

/** Whether the page at `offset` repeats its first `uniformPatternBytes` to its end: it equals itself moved by these. */
export const isUniform = (segment: Buffer, offset: number): boolean => {
  const end = offset + pageSizeBytes;
  const moved = offset + uniformPatternBytes;
  return segment.compare(segment, moved, end, offset, end - uniformPatternBytes) === 0;
};

/** Repeats the first `uniformPatternBytes` of the page at `offset` to its end. */
export const fillUniform = (segment: Buffer, offset: number): void => {
  for (let bytes = uniformPatternBytes; bytes < pageSizeBytes; bytes *= 2)
    segment.copyWithin(offset + bytes, offset, offset + bytes);
};

/** The header, over and over. */
export const uniformBody = (): PageBody => ({ write: fillUniform, matches: isUniform });

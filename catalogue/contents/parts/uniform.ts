import { pageSizeBytes, uniformPatternBytes } from '#proto/units';

/** Whether the page at `offset` repeats its first `uniformPatternBytes`: it equals itself shifted by them. */
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

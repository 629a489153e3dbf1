/**
 * Words of a ledger: the version that the guest last wrote to a page or sector, plus one; 0 = never touched. The highest bit
 * says that a write of the next version got no answer, so that either may be there: only a shared disk has that.
 */
const mayBeNext = 2 ** 31;

export const versionBits = {
  /** The version of a word; -1 = never touched. */
  of: (word: number): number => (word % mayBeNext) - 1,
  orNext: (word: number): number => (word % mayBeNext) + mayBeNext,
  /** Whether a version may be found where this word stands in the ledger. */
  allows: (word: number, version: number): boolean => {
    const known = Math.max(0, (word % mayBeNext) - 1);
    return version === known || (word >= mayBeNext && version === known + 1);
  },
};

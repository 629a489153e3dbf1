/** By the alphabet, and numbers in words by size: 2 before 10, lan-1g before lan-10g. */
const collator = new Intl.Collator('en', { numeric: true });

export const inOrder = (one: string, other: string): number => collator.compare(one, other);

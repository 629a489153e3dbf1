/** Shuffles uniformly (Fisher-Yates). */
export const shuffled = <T>(items: readonly T[], random: () => number): T[] => {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
};

/** Splits in order into the fewest parts of at most `most`, of nearly equal size. */
export const evenChunks = <T>(items: readonly T[], most: number): T[][] => {
  const count = Math.ceil(items.length / most);
  const edge = (index: number): number => Math.round((index * items.length) / count);
  return Array.from({ length: count }, (_, index) => items.slice(edge(index), edge(index + 1)));
};

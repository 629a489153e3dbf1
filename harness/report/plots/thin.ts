/** One for every 2 px of a timeline's width. */
export const mostPoints = 150;

/**
 * At most `mostPoints` rows: `join` merges neighbours, so that a mean stays a mean and a peak a peak.
 * @param join merges several rows
 */
export const thin = <Row>(rows: readonly Row[], join: (group: readonly Row[]) => Row): Row[] => {
  const size = Math.ceil(rows.length / mostPoints);
  if (size <= 1) return [...rows];
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) =>
    join(rows.slice(index * size, (index + 1) * size)),
  );
};

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

const shownMax = 200;

const textOf = (value: unknown): string => {
  if (typeof value === 'number') return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    // A BigInt, or something that contains itself.
    return typeof value;
  }
};

/** How a wrong value is shown in a problem: as JSON, and not without end. */
export const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  const text = textOf(value);
  return text.length <= shownMax ? text : `${text.slice(0, shownMax)}…`;
};

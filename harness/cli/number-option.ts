/** An option that is a whole number; null if absent or invalid, which is added to `problems`. */
export const wholeOption = (
  options: Readonly<Record<string, unknown>>,
  name: string,
  { least, most }: { least: number; most: number },
  problems: string[],
): number | null => {
  const text = options[name];
  if (text === undefined) return null;
  const value = typeof text === 'string' && text.trim() !== '' ? Number(text) : Number.NaN;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  problems.push(`--${name}: expected a whole number from ${least} to ${most}, got ${JSON.stringify(text)}`);
  return null;
};

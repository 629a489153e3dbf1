/** Options with a unit: `30d`, `500ms`, `120W`, `99.95`. */

const units = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof units;

const isUnit = (text: string): text is Unit => Object.hasOwn(units, text);

interface Quantity {
  default: number | null;
  /** Both inclusive. */
  least: number;
  most: number;
}

const read = (
  given: unknown,
  option: string,
  { default: fallback, least, most }: Quantity,
  { expected, parse }: { expected: string; parse: (text: string) => number | null },
  problems: string[],
): number => {
  if (given === undefined && fallback !== null) return fallback;
  const value = typeof given === 'string' ? parse(given.trim()) : null;
  if (value !== null && value >= least && value <= most) return value;
  problems.push(
    `${option}: expected ${expected}, got ${given === undefined ? 'nothing' : JSON.stringify(given)}`,
  );
  return least;
};

/** In ms. A problem goes to `problems`. */
export const durationOption = (
  given: unknown,
  option: string,
  bounds: Quantity,
  problems: string[],
): number =>
  read(
    given,
    option,
    bounds,
    {
      expected: 'a duration like 500ms, 12m, 2h or 30d',
      parse: (text) => {
        const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/.exec(text) ?? [];
        return isUnit(unit) ? Number(amount) * units[unit] : null;
      },
    },
    problems,
  );

/** A number with a unit behind it, which may be left out. */
export const amountOption = (
  given: unknown,
  option: string,
  bounds: Quantity & { unit: string },
  problems: string[],
): number =>
  read(
    given,
    option,
    bounds,
    {
      expected: `a number from ${bounds.least} to ${bounds.most}${bounds.unit === '' ? '' : ` ${bounds.unit}`}`,
      parse: (text) => {
        const plain =
          bounds.unit !== '' && text.endsWith(bounds.unit) ? text.slice(0, -bounds.unit.length) : text;
        return /^\d+(\.\d+)?$/.test(plain.trim()) ? Number(plain) : null;
      },
    },
    problems,
  );

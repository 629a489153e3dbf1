/** `151.8`, `0.053`, `4,820`: as many digits as a reader compares, at least three. */
export const figure = (value: number): string => {
  const size = Math.abs(value);
  const digits = size >= 1000 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return Number(value.toFixed(digits)).toLocaleString('en-US', { maximumFractionDigits: 3 });
};

const tidy = (value: number): number => Number(value.toPrecision(12));

/** 1, 2 and 5 of every decade within the domain. */
export const logTicks = ([low, high]: readonly [number, number]): number[] => {
  const ticks: number[] = [];
  for (let decade = Math.floor(Math.log10(low)); decade <= Math.ceil(Math.log10(high)); decade += 1)
    for (const digit of [1, 2, 5]) {
      const tick = tidy(digit * 10 ** decade);
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  return ticks;
};

/** About five round numbers from 0, none so near the top that its label would exceed the panel. */
export const linearTicks = (top: number): number[] => {
  if (!(top > 0)) return [0];
  const least = (top / 5) * 0.8;
  const decade = 10 ** Math.floor(Math.log10(least));
  const step = ([1, 2, 5, 10].find((digit) => digit * decade >= least) ?? 10) * decade;
  const count = Math.floor((top * 0.95) / step);
  return Array.from({ length: count + 1 }, (_, index) => tidy(index * step));
};

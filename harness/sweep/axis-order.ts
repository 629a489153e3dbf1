import { z } from 'zod';
import { words } from './document.ts';

/** The labels of each axis, and the parts as axis `part`, in the order in which sweeps define them. */
export type AxisOrder = ReadonlyMap<string, readonly string[]>;

/** As much of a sweep's file as has an order. */
const documentSchema = z.object({
  parts: z.record(
    z.string(),
    z.object({
      grid: z
        .record(
          z.string(),
          z.union([z.array(z.union([z.string(), z.number()])), z.record(z.string(), z.unknown())]),
        )
        .default({}),
    }),
  ),
});

/** Of `link, rate: { 'dublin, 10G': … }` the labels of link and of rate. */
const labelsOf = (name: string, values: readonly (string | number)[]): [axis: string, label: string][] => {
  const axes = words(name);
  return values.flatMap((value) => {
    const labels = axes.length === 1 ? [String(value)] : words(String(value));
    return axes.map((axis, nth): [string, string] => [axis, labels[nth] ?? '']);
  });
};

/**
 * The order of what sweeps vary; runs themselves are in random order.
 * @param documents sweep files' contents; what is none of these has no order
 */
export const axisOrderOf = (documents: readonly unknown[]): AxisOrder => {
  const order = new Map<string, Set<string>>();
  const add = (axis: string, label: string): void => {
    const labels = order.get(axis) ?? new Set();
    order.set(axis, labels.add(label));
  };
  for (const document of documents) {
    const { parts = {} } = documentSchema.safeParse(document).data ?? {};
    for (const [part, { grid }] of Object.entries(parts)) {
      add('part', part);
      for (const [name, values] of Object.entries(grid))
        for (const [axis, label] of labelsOf(name, Array.isArray(values) ? values : Object.keys(values)))
          add(axis, label);
    }
  }
  return new Map([...order].map(([axis, labels]) => [axis, [...labels]]));
};

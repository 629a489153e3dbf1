import { slug } from './html.ts';

/** A run's displayed id: the first eight digits of its UUID, which distinguish the runs of a page. */
export const shortId = (runId: string): string =>
  /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(runId) ? runId.slice(0, 8) : runId;

/** An id for each item, derived from its name; duplicates are numbered. */
export const uniqueIds = <Item>(
  prefix: string,
  items: readonly Item[],
  nameOf: (item: Item) => string,
): ReadonlyMap<Item, string> => {
  const taken = new Set<string>();
  const free = (base: string, number: number): string => {
    const id = number === 1 ? base : `${base}-${number}`;
    return taken.has(id) ? free(base, number + 1) : id;
  };
  return new Map(
    items.map((item) => {
      const id = free(`${prefix}-${slug(nameOf(item))}`, 1);
      taken.add(id);
      return [item, id];
    }),
  );
};

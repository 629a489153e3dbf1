import type { z } from 'zod';

/** What a section of a schema has, if it is one. */
interface Section {
  shape?: Readonly<Record<string, unknown>>;
  unwrap?: () => unknown;
}

/** The keys that a document may have at top level or in a section; none if it isn't a section. */
export const keysAt = (schema: z.ZodObject, path: readonly PropertyKey[]): string[] => {
  const { shape: keys = {} } = path.reduce<Section>((section, key) => {
    const field = (section.shape?.[String(key)] ?? {}) as Section;
    return field.unwrap?.() ?? field;
  }, schema);
  return Object.keys(keys);
};

import type { Section } from '../scenario.ts';
import { pathOf } from '../scenario/where.ts';
import { expandShorthand, isSection, withOverrides } from '../scenario/shorthand.ts';
import type { Path } from '../yaml-source.ts';

/** Overrides of a scenario document, and their place in the file. */
export interface Layer {
  /** The place of one of its `keys` in the file. */
  at: (key: string) => Path;
  /** The document with the layer applied. */
  over: (document: Section) => Section;
  /** The scenario's top-level keys that it touches. */
  keys: readonly string[];
}

/** A part of a scenario: sections are merged, a workload is replaced as a whole, as on the command line. */
export const sectionLayer = (section: Section, path: Path): Layer => ({
  at: (key) => [...path, key],
  over: (document) => withOverrides(document, section),
  keys: Object.keys(section),
});

const withValue = (before: unknown, [key, ...deeper]: readonly string[], value: unknown): unknown => {
  if (key === undefined) return value;
  const section = isSection(before) ? before : {};
  return { ...section, [key]: withValue(section[key], deeper, value) };
};

/** One value at a key like `workload.region` or `guest.disk.size`, merged into the sections on its way. */
export const valueLayer = (key: string, value: unknown, path: Path): Layer => {
  const keys = key.split('.');
  return {
    at: () => path,
    over: (document) => withValue(expandShorthand(document), keys, value) as Section,
    keys: keys.slice(0, 1),
  };
};

export const layered = (layers: readonly Layer[]): Section =>
  layers.reduce<Section>((document, layer) => layer.over(document), {});

/** The place of a problem in the file: in the last layer that touches its key. */
export const blame = (layers: readonly Layer[], problem: string): Path | undefined => {
  const [key = ''] = pathOf(problem);
  return layers.findLast(({ keys }) => keys.includes(key))?.at(key);
};

import type { Section } from '../scenario.ts';
import { expandShorthand, isSection, withOverrides } from '../scenario/shorthand.ts';
import type { Path } from '../yaml-source.ts';

/** Something laid over a scenario document, and where the file says so. */
export interface Layer {
  /** Where the file has one of its `keys`. */
  at: (key: string) => Path;
  /** The document with the layer over it. */
  over: (document: Section) => Section;
  /** The scenario's own keys that it touches, the topmost ones. */
  keys: readonly string[];
}

/** A part of a scenario: sections are merged, a workload is replaced as a whole, as on the command line. */
export const sectionLayer = (section: Section, path: Path): Layer => ({
  at: (key) => [...path, key],
  over: (document) => withOverrides(document, section),
  keys: Object.keys(section),
});

/** One value at a key like `workload.region`, beside whatever else the section has. */
export const valueLayer = (key: string, value: unknown, path: Path): Layer => {
  const [section = key, field] = key.split('.');
  return {
    at: () => path,
    over: (document) => {
      const expanded = expandShorthand(document);
      if (field === undefined) return { ...expanded, [section]: value };
      const before = expanded[section];
      return { ...expanded, [section]: { ...(isSection(before) ? before : {}), [field]: value } };
    },
    keys: [section],
  };
};

export const layered = (layers: readonly Layer[]): Section =>
  layers.reduce<Section>((document, layer) => layer.over(document), {});

/** The topmost key that a scenario's problem is about: `guest` of `guest.ram: …`, `gest` of `unknown key "gest"; …`. */
const keyOf = (problem: string): string =>
  /^unknown key "([^"]*)"/.exec(problem)?.[1] ?? /^[\w]+/.exec(problem)?.[0] ?? '';

/** Where the file has what a problem of the whole is about: in the last layer that touches its key. */
export const blame = (layers: readonly Layer[], problem: string): Path | undefined => {
  const key = keyOf(problem);
  return layers.findLast(({ keys }) => keys.includes(key))?.at(key);
};

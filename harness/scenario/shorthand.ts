/**
 * Short forms for the command line, and for files that need no more:
 *
 *   guest     RAM[,KEY=VALUE …]           1GiB    1GiB,vcpus=2,baseFootprint=512MiB,deviceState=4MiB
 *   workload  NAME[:REGION][@DIRTYRATE][,KEY=VALUE …]
 *             idle    stress:256MiB@40000    stress:64MiB@flat-out    stress:64MiB,content=uniform
 *   capabilities  NAME[=VALUE][,NAME[=VALUE] …]      xbzrle,multifd=4,postcopy-preempt=off
 *
 * They only split; what the parts may be is the schema's matter.
 */

export type Section = Record<string, unknown>;

/** KEY=VALUE parts. A bare word has no key: named as an unknown one, it is reported with the known ones. */
const splitPairs = (parts: readonly string[]): Section =>
  Object.fromEntries(
    parts.map((part) => {
      const [key = '', ...value] = part.split('=');
      return [key.trim(), value.join('=').trim()];
    }),
  );

/** @returns the `guest` section; `ram` only where it is given. */
export const splitGuest = (text: string): Section => {
  const [first = '', ...pairs] = text.split(',');
  if (first.includes('=')) return splitPairs([first, ...pairs]);
  return { ram: first.trim(), ...splitPairs(pairs) };
};

/** @returns the `workload` section. */
export const splitWorkload = (text: string): Section => {
  const [head = '', ...pairs] = text.split(',');
  const [beforeRate = '', ...rate] = head.split('@');
  const [name = '', ...region] = beforeRate.split(':');
  return {
    name: name.trim(),
    ...(region.length > 0 ? { region: region.join(':').trim() } : {}),
    ...(rate.length > 0 ? { dirtyRate: rate.join('@').trim() } : {}),
    ...splitPairs(pairs),
  };
};

/** @returns the `capabilities` section; '' = named without a value. */
export const splitCapabilities = (text: string): Section =>
  splitPairs(text.split(',').filter((part) => part.trim() !== ''));

export const isSection = (value: unknown): value is Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Expand the short forms of a document; everything else stays as it is, right or wrong. */
export const expandShorthand = (document: Section): Section => ({
  ...document,
  ...(typeof document['guest'] === 'string' ? { guest: splitGuest(document['guest']) } : {}),
  ...(typeof document['workload'] === 'string' ? { workload: splitWorkload(document['workload']) } : {}),
  ...(typeof document['capabilities'] === 'string'
    ? { capabilities: splitCapabilities(document['capabilities']) }
    : {}),
});

/**
 * Lay the command line's options over a document: sections are merged key by key, but a workload is replaced as a
 * whole, since one workload's region and rate mean nothing to another.
 */
export const withOverrides = (document: Section, overrides: Section): Section => {
  const merged = expandShorthand(document);
  for (const [key, value] of Object.entries(expandShorthand(overrides))) {
    const before = merged[key];
    merged[key] =
      isSection(value) && isSection(before) && key !== 'workload' ? { ...before, ...value } : value;
  }
  return merged;
};

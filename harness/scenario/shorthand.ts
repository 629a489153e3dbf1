/**
 * Short forms for the command line and for simple files:
 *
 *   guest     RAM[,KEY=VALUE …]           1GiB    1GiB,vcpus=2,baseFootprint=512MiB,deviceState=4MiB
 *   guest.disk    SIZE[,KEY=VALUE …]      5GiB    5GiB,allocated=700MiB,live=off
 *   workload  NAME[:REGION][@DIRTYRATE][,KEY=VALUE …]
 *             idle    stress:256MiB@40000    stress:64MiB@flat-out    stress:64MiB,content=uniform
 *   traffic   KIND:MBPS[,KEY=VALUE …][;…]   ping:650    udp:100,from=destination (traffic.ts)
 *   hostLoad  SHARE[,KEY=VALUE …]          .66      .66,at=source,nice=5
 *   load      RATE[,KEY=VALUE …]          3000    3000,arrivals=poisson,timeoutMs=500
 *   onTimeout  MS[:ACTION]                30000    30000:force
 *   thresholds FIGURE: BOUND[; …]          downtimeMs: p95 < 300; ram.transferred: < 2GiB
 *   capabilities  NAME[=VALUE][,NAME[=VALUE] …]      xbzrle,multifd=4,postcopy-preempt=off
 *
 * They only split the text; the schema validates the parts.
 */

export type Section = Record<string, unknown>;

/** KEY=VALUE parts. A bare word is reported as an unknown key, with the known ones. */
export const splitPairs = (parts: readonly string[]): Section =>
  Object.fromEntries(
    parts.map((part) => {
      const [key = '', ...value] = part.split('=');
      return [key.trim(), value.join('=').trim()];
    }),
  );

/** @returns the section; its first value, of `key`, only if given. */
const splitValueFirst = (key: string, text: string): Section => {
  const [first = '', ...pairs] = text.split(',');
  if (first.includes('=')) return splitPairs([first, ...pairs]);
  return { [key]: first.trim(), ...splitPairs(pairs) };
};

const splitGuest = (guest: unknown): unknown => {
  const section = typeof guest === 'string' ? splitValueFirst('ram', guest) : guest;
  return isSection(section) && typeof section['disk'] === 'string'
    ? { ...section, disk: splitValueFirst('size', section['disk']) }
    : section;
};

/** @returns the `workload` section. */
const splitWorkload = (text: string): Section => {
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
const splitCapabilities = (text: string): Section =>
  splitPairs(text.split(',').filter((part) => part.trim() !== ''));

/** @returns the `onTimeout` section; its action only if given. */
const splitTimeout = (text: string): Section => {
  const [afterMs = '', ...action] = text.split(':');
  return { afterMs: afterMs.trim(), ...(action.length > 0 ? { action: action.join(':').trim() } : {}) };
};

/** @returns the `thresholds` section; a figure that is named twice has both bounds. */
export const splitThresholds = (text: string): Section => {
  const bounds = text
    .split(';')
    .filter((part) => part.trim() !== '')
    .map((part): [string, string] => {
      const [figure = '', ...bound] = part.split(':');
      return [figure.trim(), bound.join(':').trim()];
    });
  return Object.fromEntries(
    [...Map.groupBy(bounds, ([figure]) => figure)].map(([figure, group]) => [
      figure,
      group.map(([, bound]) => bound),
    ]),
  );
};

export const isSection = (value: unknown): value is Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Expands the short forms of a document; everything else stays as it is, valid or not. */
export const expandShorthand = (document: Section): Section => ({
  ...document,
  ...(document['guest'] === undefined ? {} : { guest: splitGuest(document['guest']) }),
  ...(typeof document['hostLoad'] === 'string' || typeof document['hostLoad'] === 'number'
    ? { hostLoad: splitValueFirst('share', String(document['hostLoad'])) }
    : {}),
  ...(typeof document['workload'] === 'string' ? { workload: splitWorkload(document['workload']) } : {}),
  ...(typeof document['load'] === 'string' || typeof document['load'] === 'number'
    ? { load: splitValueFirst('rate', String(document['load'])) }
    : {}),
  ...(typeof document['onTimeout'] === 'string' || typeof document['onTimeout'] === 'number'
    ? { onTimeout: splitTimeout(String(document['onTimeout'])) }
    : {}),
  ...(typeof document['thresholds'] === 'string'
    ? { thresholds: splitThresholds(document['thresholds']) }
    : {}),
  ...(typeof document['capabilities'] === 'string'
    ? { capabilities: splitCapabilities(document['capabilities']) }
    : {}),
});

/**
 * Overrides a document by the command line's options: sections are merged key by key, but a workload is replaced as a
 * whole, since one workload's region and rate don't apply to another.
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

import { z } from 'zod';
import type { LinkParameter } from '#catalogue/link-parameters';
import { linkParameters } from '#catalogue/link-parameters';
import type { LinkDirection, LinkProfile } from '#proto/link';
import { expecting, group } from './expecting.ts';
import { linkProblems } from './link-limits.ts';
import { directionShape } from './profiles.ts';

/** What of a link changes, by direction: what is given replaces the profile's, the rest stays. Pure. */

export const linkWays = ['sourceToDestination', 'destinationToSource'] as const;
export type LinkWay = (typeof linkWays)[number];
export type LinkChange = Partial<Record<LinkWay, Partial<LinkDirection>>>;

/** Without its default: what isn't given stays as it is. */
const bare = (field: z.ZodType): z.ZodType => (field instanceof z.ZodDefault ? bare(field.unwrap() as z.ZodType) : field); // prettier-ignore

/** Takes nothing, and says why. */
const fixed = (because: string): z.ZodType =>
  z.never({ error: () => `expected nothing, as ${because}: put it into the link profile` });

/** The keys of a direction of a link profile, each optional: what a profile can say, a change can, unless it is fixed. */
export const changeShape = Object.fromEntries(
  Object.entries(directionShape as Readonly<Record<string, z.ZodType>>).map(([key, field]) => {
    const { description = '' } = field;
    const { isFixedBecause }: LinkParameter = linkParameters[key as keyof LinkDirection];
    const changed = isFixedBecause === undefined ? bare(field) : fixed(isFixedBecause);
    return [key, changed.optional().describe(description)];
  }),
) as unknown as { [Key in keyof LinkDirection]-?: z.ZodOptional<z.ZodType<LinkDirection[Key]>> };

const readDirection = group(changeShape);

export const wayShape = {
  sourceToDestination: readDirection.optional().describe('Only from the source to the destination'),
  destinationToSource: readDirection.optional().describe('Only the way back'),
};

/** Those of the keys that are numbers, which a table can have. */
export const numberKeys: readonly string[] = Object.entries<LinkParameter>(linkParameters).flatMap(
  ([key, { kind, isFixedBecause }]) =>
    (kind === 'number' || kind === 'integer') && isFixedBecause === undefined ? [key] : [],
);

/** One number of a direction, from a file that isn't YAML. */
export const readFigure = (key: string, value: unknown): { value: number } | { problem: string } => {
  const read = (changeShape as Record<string, z.ZodType>)[key]!.safeParse(value);
  if (read.success) return { value: Number(read.data) };
  return { problem: read.error.issues[0]?.message ?? expecting('a number').error({ input: value }) };
};

const present = <T extends object>(given: T): Partial<T> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<T>;

/** Both directions alike, and over that each by itself; a direction that doesn't change isn't in it. */
export const changeOf = (both: Partial<LinkDirection>, ways: LinkChange): LinkChange =>
  Object.fromEntries(
    linkWays.flatMap((way) => {
      const change = present({ ...present(both), ...present(ways[way] ?? {}) });
      return Object.keys(change).length === 0 ? [] : [[way, change]];
    }),
  );

/** One after the other. */
export const bothChanges = (one: LinkChange, other: LinkChange): LinkChange =>
  Object.fromEntries(
    linkWays.flatMap((way) =>
      one[way] === undefined && other[way] === undefined ? [] : [[way, { ...one[way], ...other[way] }]],
    ),
  );

/** A direction without these keys, which are optional ones. */
export const without = (direction: LinkDirection, keys: readonly (keyof LinkDirection)[]): LinkDirection =>
  Object.fromEntries(
    Object.entries(direction).filter(([key]) => !keys.some((each) => each === key)),
  ) as unknown as LinkDirection;

/** A link has one model of loss, and what belongs to something that ends, ends with it. */
const changedDirection = (direction: LinkDirection, change: Partial<LinkDirection> = {}): LinkDirection => {
  const replaced: (keyof LinkDirection)[] = [
    ...(change.lossPercent === undefined ? [] : ['gemodel' as const]),
    ...(change.jitterMs === 0 ? ['jitterDistribution' as const] : []),
    ...(change.reorderPercent === 0 ? (['reorderCorrelationPercent', 'reorderGap'] as const) : []),
  ];
  return {
    ...without(direction, replaced),
    ...(change.gemodel === undefined ? {} : { lossPercent: 0 }),
    ...change,
  };
};

export const changedLink = (profile: LinkProfile, change: LinkChange): LinkProfile => ({
  ...profile,
  sourceToDestination: changedDirection(profile.sourceToDestination, change.sourceToDestination),
  destinationToSource: changedDirection(profile.destinationToSource, change.destinationToSource),
});

/** Why a link, once changed, could never give an answer; empty where it can. */
export const changeProblems = ({ sourceToDestination, destinationToSource }: LinkProfile): string[] =>
  linkProblems({ sourceToDestination, destinationToSource }).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );

const valueText = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? `(${Object.entries(value)
        .map(([key, part]) => `${key} ${String(part)}`)
        .join(', ')})`
    : String(value);

/** `rateMbps 100, delayMs 20`, by direction where they differ. */
export const changeText = ({ sourceToDestination: out, destinationToSource: back }: LinkChange): string => {
  const textOf = (direction: Partial<LinkDirection>): string =>
    Object.entries(direction)
      .map(([key, value]) => `${key} ${valueText(value)}`)
      .join(', ');
  if (out !== undefined && back !== undefined && textOf(out) === textOf(back)) return textOf(out);
  return [
    ...(out === undefined ? [] : [`to the destination ${textOf(out)}`]),
    ...(back === undefined ? [] : [`to the source ${textOf(back)}`]),
  ].join('; ');
};

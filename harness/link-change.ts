import { z } from 'zod';
import type { LinkParameter } from '#catalogue/link-parameters';
import { linkParameters } from '#catalogue/link-parameters';
import type { LinkDirection, LinkProfile } from '#proto/link';
import { expecting, group } from './expecting.ts';
import { linkProblems } from './link-limits.ts';
import { directionShape } from './profiles.ts';

/** What of a link changes, by direction: figures that are given replace the profile's, the rest stays. Pure. */

export const linkWays = ['sourceToDestination', 'destinationToSource'] as const;
export type LinkWay = (typeof linkWays)[number];
export type LinkChange = Partial<Record<LinkWay, Partial<LinkDirection>>>;

/** Without its default: a figure that isn't given stays as it is. */
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

/** One figure of a direction, from a file that isn't YAML. */
export const readFigure = (
  key: string,
  value: unknown,
): { value: number } | { problem: string } | undefined => {
  const field = (changeShape as Record<string, z.ZodType | undefined>)[key];
  if (field === undefined) return undefined;
  const read = field.safeParse(value);
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

export const changedLink = (profile: LinkProfile, change: LinkChange): LinkProfile => ({
  ...profile,
  sourceToDestination: { ...profile.sourceToDestination, ...change.sourceToDestination },
  destinationToSource: { ...profile.destinationToSource, ...change.destinationToSource },
});

/** Why a link, once changed, could never give an answer; empty where it can. */
export const changeProblems = ({ sourceToDestination, destinationToSource }: LinkProfile): string[] =>
  linkProblems({ sourceToDestination, destinationToSource }).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );

const figuresText = (figures: object): string =>
  Object.entries(figures as Readonly<Record<string, unknown>>)
    .map(([key, value]) =>
      typeof value === 'object' && value !== null
        ? `${key} (${figuresText(value)})`
        : `${key} ${String(value)}`,
    )
    .join(', ');

/** `rateMbps 100, delayMs 20`, by direction where they differ. */
export const changeText = ({ sourceToDestination: out, destinationToSource: back }: LinkChange): string => {
  if (out !== undefined && back !== undefined && figuresText(out) === figuresText(back))
    return figuresText(out);
  return [
    ...(out === undefined ? [] : [`to the destination ${figuresText(out)}`]),
    ...(back === undefined ? [] : [`to the source ${figuresText(back)}`]),
  ].join('; ');
};

import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import type { LinkNumber, LinkParameter } from '#catalogue/link-parameters';
import { linkParameterEntries, linkParameters } from '#catalogue/link-parameters';
import { LivemigError } from '#proto/errors';
import { profileDescriptionMax, profileNameMax } from '#proto/link';
import type { LinkDirection, LinkProfile } from '#proto/link';
import { readBounded } from './bounded-file.ts';
import { expecting, group } from './expecting.ts';
import { linkProblems } from './link-limits.ts';
import { nearest, unknownName } from './nearest.ts';
import type { Source } from './yaml-source.ts';
import { parseSource, textMaxBytes } from './yaml-source.ts';

const folder = new URL('../netem-profiles/', import.meta.url);

const numberSchema = ({ kind, unit, least, most, help }: LinkNumber): z.ZodType => {
  const told = expecting(`${unit} from ${least} to ${most}${kind === 'integer' ? ', a whole number' : ''}`);
  const number = z.number(told).min(least, told).max(most, told);
  return (kind === 'integer' ? number.int(told) : number).describe(help);
};

/** One parameter, as people write it. */
const parameterSchema = (parameter: LinkParameter): z.ZodType => {
  const { kind, help, absent } = parameter;
  if (kind === 'choice') {
    const { among } = parameter;
    const meanings = [...among].map(([name, meaning]) => `${name} = ${meaning}`).join('; ');
    return z
      .enum([...among.keys()], expecting(`one of ${[...among.keys()].join(', ')}`))
      .describe(`${help} (by default ${absent?.means ?? 'none'}). ${meanings}`);
  }
  return kind === 'group' ? group(parametersShape(parameter.parts)).describe(help) : numberSchema(parameter);
};

const parametersShape = (parameters: Readonly<Record<string, LinkParameter>>): z.core.$ZodLooseShape =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => {
      const schema = parameterSchema(parameter);
      if (parameter.default !== undefined) return [name, schema.default(parameter.default)];
      return [name, parameter.absent === undefined ? schema : schema.exactOptional()];
    }),
  );

/** The keys of a direction. */
export const directionShape = parametersShape(linkParameters);
const directionSchema = group(directionShape) as unknown as z.ZodType<LinkDirection>;

/** A link profile as people write it. */
export const profileSchema = group({
  name: z
    .string(expecting('a name'))
    .regex(/^[a-z0-9][a-z0-9-]*$/, expecting('lower-case letters, digits and dashes'))
    .max(profileNameMax, expecting(`a name of up to ${profileNameMax} characters`)),
  description: z
    .string(expecting('what the link is like'))
    .min(1, expecting('what the link is like'))
    .max(profileDescriptionMax, expecting(`a description of up to ${profileDescriptionMax} characters`)),
  both: directionSchema.optional().describe('Both directions alike; or each by itself'),
  sourceToDestination: directionSchema.optional().describe('From the source to the destination'),
  destinationToSource: directionSchema.optional().describe('The way back'),
}).superRefine((document, context) => {
  for (const key of ['sourceToDestination', 'destinationToSource'] as const)
    if ((document.both === undefined) === (document[key] === undefined)) {
      const message = `expected either both: or ${key}:, got ${document.both === undefined ? 'neither' : 'the two'}`;
      context.addIssue({ code: 'custom', path: [key], message });
    }
  const { both, sourceToDestination, destinationToSource } = document;
  for (const { path, message } of linkProblems({ both, sourceToDestination, destinationToSource }))
    context.addIssue({ code: 'custom', path, message });
});

const fieldNames = [
  ...Object.keys(profileSchema.shape),
  ...linkParameterEntries.flatMap(([name, parameter]) => [
    name,
    ...(parameter.kind === 'group' ? Object.keys(parameter.parts) : []),
  ]),
];

const problemsOf = (issue: z.core.$ZodIssue, source: Source): string[] => {
  if (issue.code !== 'unrecognized_keys') return [`${source.at(issue.path)}: ${issue.message}`];
  return issue.keys.map((key) => {
    const guess = nearest(key, fieldNames);
    return `${source.at([...issue.path, key])}: unknown key "${key}"${guess === undefined ? '' : `; did you mean "${guess}"?`}`;
  });
};

/**
 * Reads one profile from YAML.
 * @param origin the file's name, for messages
 * @throws LivemigError BAD_INPUT with every problem of the text
 */
export const parseProfile = (text: string, origin: string): LinkProfile => {
  const refuse = (problems: readonly string[]): LivemigError =>
    new LivemigError('BAD_INPUT', `link profile ${origin}: ${problems.join('; ')}`, { problems });
  const source = parseSource(text, origin);
  if (source.problems.length > 0) throw refuse(source.problems);
  const parsed = profileSchema.safeParse(source.document);
  if (!parsed.success) throw refuse(parsed.error.issues.flatMap((issue) => problemsOf(issue, source)));
  const { name, description, both, sourceToDestination = both, destinationToSource = both } = parsed.data;
  if (sourceToDestination === undefined || destinationToSource === undefined)
    throw refuse(['expected both: or each direction by itself']);
  return { name, description, sourceToDestination, destinationToSource };
};

/** Names of the profiles in netem-profiles/, sorted. */
export const listProfiles = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort();

const isPath = (name: string): boolean => /[/\\]|\.ya?ml$/.test(name);

/**
 * A profile of netem-profiles/ by name, or of a file of one's own by path.
 * @throws LivemigError BAD_INPUT for an unknown name (with the nearest one), an unreadable file, or bad content
 */
export const loadProfile = (name: string): LinkProfile => {
  if (!isPath(name)) {
    const known = listProfiles();
    if (!known.includes(name)) {
      const problem = unknownName('link', name, known);
      throw new LivemigError('BAD_INPUT', problem, { problems: [problem] });
    }
    return parseProfile(readFileSync(new URL(`${name}.yaml`, folder), 'utf8'), name);
  }
  return parseProfile(readBounded(name, 'link profile', textMaxBytes), name);
};

/** Reads each profile once: for those who ask about thousands of runs over a few links. */
export const profileReader = (): ((name: string) => LinkProfile) => {
  const read = new Map<string, LinkProfile>();
  return (name) => {
    const profile = read.get(name) ?? loadProfile(name);
    read.set(name, profile);
    return profile;
  };
};

import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { LivemigError } from '../proto/errors.ts';
import type { LinkProfile } from '../proto/link.ts';
import { nearest, unknownName } from './nearest.ts';

const folder = new URL('../netem-profiles/', import.meta.url);

/** Bounds are of plausibility: 100 Gb/s, and a round trip over a geostationary satellite. */
const directionSchema = z.strictObject({
  rateMbps: z.number().min(1).max(100_000),
  delayMs: z.number().min(0).max(1_000),
  jitterMs: z.number().min(0).max(1_000).default(0),
  lossPercent: z.number().min(0).max(50).default(0),
  bufferMs: z.number().min(0.1).max(10_000),
});

const documentSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'expected lower-case letters, digits and dashes'),
    description: z.string().min(1),
    both: directionSchema.optional(),
    sourceToDestination: directionSchema.optional(),
    destinationToSource: directionSchema.optional(),
  })
  .superRefine((document, context) => {
    for (const key of ['sourceToDestination', 'destinationToSource'] as const)
      if ((document.both === undefined) === (document[key] === undefined)) {
        const message = `expected either both: or ${key}:, got ${document.both === undefined ? 'neither' : 'the two'}`;
        context.addIssue({ code: 'custom', path: [key], message });
      }
  });

const fieldNames = [...Object.keys(documentSchema.shape), ...Object.keys(directionSchema.shape)];

const problemsOf = (issue: z.core.$ZodIssue): string[] => {
  const at = issue.path.length === 0 ? '' : `${issue.path.map(String).join('.')}: `;
  if (issue.code !== 'unrecognized_keys') return [`${at}${issue.message}`];
  return issue.keys.map((key) => {
    const guess = nearest(key, fieldNames);
    return `${at}unknown key "${key}"${guess === undefined ? '' : `; did you mean "${guess}"?`}`;
  });
};

/**
 * Reads one profile from YAML.
 * @param origin the file's name, for messages
 * @throws LivemigError BAD_INPUT with every problem of the text
 */
export const parseProfile = (text: string, origin: string): LinkProfile => {
  const refuse = (problems: string[], cause?: unknown): LivemigError =>
    new LivemigError('BAD_INPUT', `link profile ${origin}: ${problems.join('; ')}`, { problems, cause });
  let document: unknown;
  try {
    document = parse(text);
  } catch (cause) {
    throw refuse([`expected YAML: ${cause instanceof Error ? cause.message : String(cause)}`], cause);
  }
  const parsed = documentSchema.safeParse(document);
  if (!parsed.success) throw refuse(parsed.error.issues.flatMap(problemsOf));
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
  let text: string;
  try {
    text = readFileSync(name, 'utf8');
  } catch (cause) {
    const problem = `link profile ${name} can't be read`;
    throw new LivemigError('BAD_INPUT', problem, { problems: [problem], cause });
  }
  return parseProfile(text, name);
};

import { z } from 'zod';
import { shown } from './shown.ts';

interface Told {
  input?: unknown;
}

/** Zod's own words tell of types; ours of what a key means. @param what was expected */
export const expecting = (what: string): { error: (issue: Told) => string } => ({
  error: ({ input }) => `expected ${what}, got ${shown(input)}`,
});

/** An object of just these keys; anything else is told their names. */
export const group = <T extends z.core.$ZodShape>(shape: T) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? undefined : expecting(Object.keys(shape).join(', ')).error(issue),
  });

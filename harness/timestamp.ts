/**
 * The one file that reads the wall clock. It may be stepped at any time, so nothing is waited for by it; `monotonicMs`
 * (proto/units.ts) is for that, and ESLint sees to it.
 */

/** For what people read, documents and file names: ISO 8601, UTC. */
export const timestamp = (): string => new Date().toISOString();

/** How long ago a file was changed, in ms. Wrong by as much as the clock was stepped since, so nothing hangs on it alone. */
export const fileAgeMs = (mtimeMs: number): number => Date.now() - mtimeMs;

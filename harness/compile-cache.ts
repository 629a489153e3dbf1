import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Node keeps compiled code there, by content: half of the start of an agent, and of this command, is reading and compiling
 * TypeScript. Where it can't be written, Node goes without.
 */
export const compileCacheDirectory = (): string =>
  process.env['NODE_COMPILE_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'livemig', 'node');

import type { ReadPatternDefinition } from './read-pattern.ts';
import { readRoom } from './room.ts';

export const readPatterns = readRoom<ReadPatternDefinition>('read-patterns');
export const readPatternNames: readonly string[] = [...readPatterns.keys()];

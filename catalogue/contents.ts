import type { ContentDefinition } from './content.ts';
import { defaultOf, readRoom } from './room.ts';

export const contents = readRoom<ContentDefinition>('contents');
export const contentNames: readonly string[] = [...contents.keys()];

/** The content of fresh memory, and the default of a region. */
export const defaultContent = defaultOf(contents);

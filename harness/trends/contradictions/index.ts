import type { Contradiction } from './contradiction.ts';
import { icclab10gContradictions } from './icclab-10g.ts';
import { otherContradictions } from './other-documents.ts';
import { ulsterContradictions } from './ulster-wan.ts';

export type { Contradiction } from './contradiction.ts';

/** Where the documents contradict themselves or each other, computed from what they published. */
export const contradictions = (): Contradiction[] => [
  ...icclab10gContradictions(),
  ...ulsterContradictions(),
  ...otherContradictions(),
];

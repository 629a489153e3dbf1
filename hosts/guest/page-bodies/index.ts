import type { WorkloadContent } from '../../../proto/guest.ts';
import type { BodySource, PageBody } from './page-body.ts';
import { compressibleBody } from './compressible.ts';
import { duplicateBody } from './duplicate.ts';
import { randomBody } from './random.ts';
import { sparseBody } from './sparse.ts';
import { uniformBody } from './uniform.ts';

export const pageBodies: Readonly<Record<WorkloadContent, (source: BodySource) => PageBody>> = {
  random: randomBody,
  uniform: uniformBody,
  sparse: sparseBody,
  compressible: compressibleBody,
  duplicate: duplicateBody,
};

import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Block, Trial } from '#harness/sweep/plan';
import type { PreparedSweep } from '#harness/sweep/prepare';
import { prepareSweep } from '#harness/sweep/prepare';

/** A sweep of the project's studies, by its path below studies/; or any, by a whole path. */
export const preparedSweep = (file: string): Promise<PreparedSweep> =>
  prepareSweep(
    resolve(fileURLToPath(new URL('../../studies/', import.meta.url)), file),
    { overrides: {}, only: null, repeats: null, seed: null, retries: null },
    [],
  );

/** Trials of the grids, and of every search its largest. */
export const trialsOf = (blocks: readonly Block[]): Trial[] =>
  blocks.flatMap((block) =>
    block.kind === 'trials' ? block.trials : [block.search.trialAt(block.search.search.bisect.high)],
  );

import { afterAll, beforeAll, describe, test } from '@jest/globals';
import type { KernelBackendName } from '#proto/link';
import { createLinkLab } from '../support/link-lab.ts';
import type { LinkLab } from '../support/link-lab.ts';
import { runCase } from './link-backend-case.ts';
import { linkBackendCases } from './link-backend-cases.ts';

/** Runs the suite for a backend, or shows it as skipped with the reason. */
export const linkBackendConformance = (backend: KernelBackendName, skipReason: string | null): void => {
  const define = skipReason === null ? describe : describe.skip;
  define(`link backend ${backend}${skipReason === null ? '' : ` (skipped: ${skipReason})`}`, () => {
    let lab: LinkLab;
    beforeAll(async () => {
      lab = await createLinkLab();
    });
    afterAll(async () => {
      await lab[Symbol.asyncDispose]();
    });
    for (const one of linkBackendCases(backend))
      test(one.name, () =>
        runCase(one, lab, (line) => {
          console.warn(line);
        }),
      );
  });
};

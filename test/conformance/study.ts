import { describe, expect, jest, test } from '@jest/globals';
import { resolve } from 'node:path';
import { studyCases } from '#harness/studies/cases';
import { neededBytes } from '#harness/sweep/memory';
import type { Study } from '#harness/trends/study';
import { preparedSweep, trialsOf } from '../support/prepared-sweep.ts';

/** What every study has to do (`livemig check STUDY`), and those of the project besides. */
export const studyConformance = (study: Study): void => {
  describe(study.name, () => {
    jest.setTimeout(60_000);

    test.each(studyCases(study))('$name', async ({ check }) => {
      await check();
    });

    const files = Object.values(study.sweeps).filter((file) => file !== null);
    if (files.length > 0)
      test.each(files)('%s fits a machine of 24 GiB', async (file) => {
        const { blocks } = await preparedSweep(resolve(file));
        for (const { scenario } of trialsOf(blocks)) expect(neededBytes(scenario)).toBeLessThan(21 * 2 ** 30);
      });
  });
};

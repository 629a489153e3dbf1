import type { Check } from './check.ts';
import { findProgram, toolsInUse } from './host-tools.ts';

export const toolChecks = async (): Promise<Check[]> =>
  Promise.all(
    toolsInUse.map(async ({ name, package: debianPackage, program, purpose }): Promise<Check> => {
      const path = await findProgram(program);
      return {
        name,
        group: 'tool',
        ok: path !== undefined,
        found: path ?? 'not found',
        remedy: path === undefined ? `for ${purpose}: apt-get install ${debianPackage}` : '',
      };
    }),
  );

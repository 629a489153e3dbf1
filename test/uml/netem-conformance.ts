/**
 * The conformance suite on the real netem, where the kernel has it (inside user-mode Linux elsewhere). Prints a PASS or
 * FAIL line per case, AGAIN and why where one is tried again, and ends with exit code 1 if any failed.
 * usage: node netem-conformance.ts [backend]
 */
import { messageOf } from '#proto/errors';
import { kernelBackendNames } from '#proto/link';
import { runCase } from '../conformance/link-backend-case.ts';
import { linkBackendCases } from '../conformance/link-backend-cases.ts';
import { createLinkLab } from '../support/link-lab.ts';

const backend = kernelBackendNames.find((name) => name === (process.argv[2] ?? 'netem'));
if (backend === undefined) throw new Error(`usage: netem-conformance.ts ${kernelBackendNames.join('|')}`);
/** One emulated CPU, which competes for the machine's: its measurements are off more often. */
const attempts = 6;
let failures = 0;
{
  await using lab = await createLinkLab();
  for (const one of linkBackendCases(backend)) {
    const startedAt = performance.now();
    const again = (line: string): void => {
      console.log(`AGAIN ${line}`);
    };
    const problem = await runCase(one, lab, again, attempts).then(
      () => null,
      (error: unknown) => messageOf(error),
    );
    if (problem !== null) failures += 1;
    const took = `${((performance.now() - startedAt) / 1e3).toFixed(1)} s`;
    console.log(problem === null ? `PASS ${one.name} (${took})` : `FAIL ${one.name} (${took}): ${problem}`);
  }
}
console.log(`RESULT ${String(failures)} failed`);
process.exit(failures === 0 ? 0 : 1);

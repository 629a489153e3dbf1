/**
 * `npm run soak -- --minutes 60`: the fuzz tests (`*.fuzz.test.ts`), repeatedly with new seeds, until the time is up or
 * one fails. A failure shows the shrunk counterexample and the command that replays it.
 *
 *   npm run soak -- --minutes 5 test/unit/proto     only those below a path
 */
import { chdir } from 'node:process';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { monotonicMs } from '#proto/units';
import { interruptedCode } from './runner/child.ts';
import { runJest } from './runner/parts.ts';

const casesPerRound = 20_000;
const minutesMax = 10_080;
const projects = ['unit', 'conformance'] as const;

interface Request {
  minutes: number;
  paths: string[];
}

const readRequest = (argv: string[]): Request | string => {
  try {
    const options = { minutes: { type: 'string', default: '10' } } as const;
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
    const minutes = Number(values.minutes);
    if (!(minutes > 0 && minutes <= minutesMax))
      return `--minutes takes a number above 0 and up to ${minutesMax}, got ${values.minutes}`;
    return { minutes, paths: positionals };
  } catch (error) {
    return (error as Error).message;
  }
};

const soak = async ({ minutes, paths }: Request): Promise<number> => {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      controller.abort(name);
    });
  const endsAtMs = monotonicMs() + minutes * 60_000;
  for (let round = 1; monotonicMs() < endsAtMs; round++) {
    const leftMs = Math.max(1, Math.round(endsAtMs - monotonicMs()));
    console.error(`livemig: soak round ${round}, ${Math.ceil(leftMs / 60_000)} min left`);
    const env = { LIVEMIG_FUZZ_CASES: String(casesPerRound), LIVEMIG_FUZZ_MAX_MS: String(leftMs) };
    for (const project of projects) {
      const below = paths.length > 0 ? paths : [`test/${project}/`];
      const patterns = below.map((path) => `${path}.*\\.fuzz\\.test\\.ts$|${path}$`);
      const tally = await runJest(project, patterns, env, controller.signal);
      if (controller.signal.aborted) return interruptedCode;
      if (tally.failures.length > 0) {
        for (const name of tally.failures) console.log(`FAILED   ${name}`);
        return 1;
      }
      if (round === 1) console.error(`livemig: ${tally.passed} properties of the ${project} tests hold`);
    }
  }
  return 0;
};

chdir(fileURLToPath(new URL('..', import.meta.url)));
const request = readRequest(process.argv.slice(2));
if (typeof request === 'string') {
  console.error(`livemig: ${request}`);
  process.exit(2);
}
process.exit(await soak(request));

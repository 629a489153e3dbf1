/** What `npm test -- …` asks for. */
export interface Request {
  /** The parts to run. */
  parts: readonly Part[];
  /** Passed on to Jest. */
  jestArgs: string[];
}

const allParts = ['checks', 'unit', 'conformance', 'uml', 'testbed', 'browser', 'trends'] as const;
export type Part = (typeof allParts)[number];

/** For a quick check while developing: what can be done in two minutes. */
const fast = {
  parts: ['checks', 'unit'],
  jestArgs: ['--testPathIgnorePatterns=\\.(slow|fuzz)\\.test\\.ts$'],
} as const satisfies { parts: readonly Part[]; jestArgs: readonly string[] };
const words = [...allParts, 'fast'] as const;

const isPart = (word: string | undefined): word is Part => allParts.some((part) => part === word);

const jestParts = ['unit', 'conformance', 'uml', 'testbed', 'browser'] as const satisfies readonly Part[];

const partOf = (path: string): (typeof jestParts)[number] =>
  jestParts.find((part) => path.includes(`test/${part}`)) ?? 'testbed';

/** A path, or Jest's `-t NAME`, asks for tests, without lint and types; a path also determines the project. */
const partsFor = (jestArgs: readonly string[]): readonly Part[] => {
  const paths = jestArgs.filter((argument) => argument.startsWith('test/') || argument.startsWith('./test/'));
  if (paths.length === 0) return jestArgs.length === 0 ? allParts : jestParts;
  const asked = new Set(paths.map(partOf));
  return jestParts.filter((part) => asked.has(part));
};

/**
 * `--only PART` (one of `words`; more than once for several); everything else is Jest's.
 * @returns the problem, if `--only` names no part
 */
export const readArguments = (argv: readonly string[]): Request | string => {
  const only = new Set<Part>();
  const jestArgs: string[] = [];
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index]!;
    if (word !== '--only' && !word.startsWith('--only=')) {
      jestArgs.push(word);
      continue;
    }
    const part = word === '--only' ? argv[(index += 1)] : word.slice('--only='.length);
    if (part === 'fast') {
      for (const each of fast.parts) only.add(each);
      jestArgs.push(...fast.jestArgs);
    } else if (isPart(part)) only.add(part);
    else return `--only takes ${words.join(', ')}, got ${part ?? 'nothing'}`;
  }
  return { parts: only.size > 0 ? allParts.filter((part) => only.has(part)) : partsFor(jestArgs), jestArgs };
};

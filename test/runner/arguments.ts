/** What `npm test -- …` asks for. */
export interface Request {
  /** The parts to run. */
  parts: readonly Part[];
  /** Passed on to Jest. */
  jestArgs: string[];
}

export const allParts = ['checks', 'unit', 'testbed', 'browser', 'trends'] as const;
export type Part = (typeof allParts)[number];

const isPart = (word: string | undefined): word is Part => allParts.some((part) => part === word);

const jestParts = ['unit', 'testbed', 'browser'] as const satisfies readonly Part[];

const partOf = (path: string): (typeof jestParts)[number] =>
  jestParts.find((part) => path.includes(`test/${part}`)) ?? 'testbed';

/** A path, or Jest's `-t NAME`, asks for some tests and not for lint and types; a path also says of which project. */
const partsFor = (jestArgs: readonly string[]): readonly Part[] => {
  const paths = jestArgs.filter((argument) => argument.startsWith('test/') || argument.startsWith('./test/'));
  if (paths.length === 0) return jestArgs.length === 0 ? allParts : jestParts;
  const asked = new Set(paths.map(partOf));
  return jestParts.filter((part) => asked.has(part));
};

/**
 * `--only PART` (one of allParts; more than once for several); everything else is Jest's.
 * @returns the problem, where `--only` names no part
 */
export const readArguments = (argv: readonly string[]): Request | string => {
  const only: Part[] = [];
  const jestArgs: string[] = [];
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index]!;
    if (word !== '--only' && !word.startsWith('--only=')) {
      jestArgs.push(word);
      continue;
    }
    const part = word === '--only' ? argv[(index += 1)] : word.slice('--only='.length);
    if (!isPart(part)) return `--only takes ${allParts.join(', ')}, got ${part ?? 'nothing'}`;
    only.push(part);
  }
  return { parts: only.length > 0 ? only : partsFor(jestArgs), jestArgs };
};

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { listProfiles, parseProfile } from '#harness/profiles';
import { parseScenario } from '#harness/scenario';
import { readAttachment } from '#harness/testbed/attach';
import { parseSource } from '#harness/yaml-source';
import { fuzz } from '#test/support/fuzz';
import { readSweep } from '#test/support/sweep-file';

const textsIn = (folder: string): string[] => {
  const url = new URL(`../../../${folder}/`, import.meta.url);
  return readdirSync(url)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => readFileSync(new URL(file, url), 'utf8'));
};

/** What has gone wrong in files before, and what YAML has besides plain values. */
const tokens = [
  '&a [*a]', '*nothing', '!!binary "AAAA"', '!!set {x}', '!!timestamp 2020-01-01', '!foo 1', '<<: 5', '<<: [1]', '? [1, 2]\n: 3',
  '__proto__: { x: 1 }', 'constructor: 1', 'null', '~', '.nan', '.inf', '-1', '1e400', '0x1f', '12345678901234567890', '[]', '{}',
  '[[[[[[', '{a: {a: {a: 1}}}', '"\\u001b[31mred"', '"\\u0000"', '---', '...', '%YAML 1.1', '|', '>', '\t', '- ', ': ', '1GiB', 'true',
  '75%', 'auto', 'off', "''",
]; // prettier-ignore

interface Edit {
  at: number;
  drop: number;
  put: string;
}

const edited = (text: string, edits: readonly Edit[]): string =>
  edits.reduce((now, { at, drop, put }) => {
    const start = Math.floor(at * now.length);
    return now.slice(0, start) + put + now.slice(start + drop);
  }, text);

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  drop: fc.nat(12),
  put: fc.oneof(fc.constantFrom(...tokens), fc.string({ maxLength: 6 })),
});

/** A file of the project with a few places changed. */
const mutated = (texts: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 4 }))
    .map(([text, edits]) => edited(text, edits));

/** In our own words, and saying what was expected. */
const areTold = (problems: readonly string[]): boolean =>
  problems.every((problem) => problem !== '' && !/Invalid input|undefined|\[object/.test(problem));

/** Problems of input that was refused. Anything else that is thrown is a stack on the user's screen. */
const refusal = async (act: () => unknown): Promise<readonly string[]> => {
  try {
    await act();
    return [];
  } catch (error) {
    const { code, problems = [] } = error as { code?: string; problems?: readonly string[] };
    if (code !== 'BAD_INPUT' || problems.length === 0) throw error;
    return problems;
  }
};

const scenarioProblems = (text: string): readonly string[] => {
  const source = parseSource(text, 'mine.yaml');
  return source.problems.length > 0
    ? source.problems
    : parseScenario(source.document, {}, listProfiles()).problems;
};

describe('whatever a file contains, it is read or refused with a clear error', () => {
  fuzz('scenarios', mutated(textsIn('scenarios')), (text) => areTold(scenarioProblems(text)));

  fuzz('scenarios of any values', fc.jsonValue({ maxDepth: 3 }), (document) =>
    areTold(parseScenario(document, {}, listProfiles()).problems),
  );

  const known = ['link', 'guest', 'workload', 'limits', 'transfer', 'capabilities', 'strategy', 'seed'];
  const section = fc.dictionary(
    fc.constantFrom(
      'ram',
      'name',
      'region',
      'vcpus',
      'content',
      'channels',
      'maxRounds',
      'zstd',
      '__proto__',
    ),
    fc.jsonValue({ maxDepth: 1 }),
  );
  fuzz(
    'scenarios of known keys with any values',
    fc.dictionary(fc.constantFrom(...known), fc.oneof(section, fc.jsonValue({ maxDepth: 1 }))),
    (document) => areTold(parseScenario(document, {}, listProfiles()).problems),
  );

  fuzz('command lines', fc.dictionary(fc.constantFrom(...known), fc.string()), (overrides) =>
    areTold(parseScenario({}, overrides, listProfiles()).problems),
  );

  fuzz('link profiles', mutated(textsIn('netem-profiles')), async (text) =>
    areTold(await refusal(() => parseProfile(text, 'mine.yaml'))),
  );

  fuzz(
    'sweeps',
    mutated(
      textsIn('studies/icclab-10g').concat(
        textsIn('studies/ulster-wan'),
        readFileSync(new URL('../../support/tiny-sweep.yaml', import.meta.url), 'utf8'),
      ),
    ),
    (text) => areTold(readSweep(text).problems),
    { share: 0.1 },
  );

  const anything = fc.jsonValue({ maxDepth: 2 });
  const keyed = (...keys: string[]) =>
    fc.dictionary(fc.constantFrom(...keys), anything, { noNullPrototype: true });
  const part = fc.oneof(anything, keyed('description', 'repeats', 'scenario', 'grid', 'bisect'));
  const sweep = fc.record(
    {
      name: fc.oneof(anything, fc.constant('mine')),
      description: anything,
      guestScale: fc.oneof(anything, fc.constant('1/2')),
      repeats: anything,
      seed: anything,
      base: anything,
      parts: fc.oneof(
        anything,
        fc.dictionary(fc.constantFrom('one', 'two'), part, { noNullPrototype: true }),
      ),
    },
    { requiredKeys: [], noNullPrototype: true },
  );
  fuzz('sweeps of any values', sweep, (document) => areTold(readSweep(JSON.stringify(document)).problems), {
    share: 0.5,
  });

  const direction = keyed('rateMbps', 'delayMs', 'jitterMs', 'lossPercent', 'bufferMs');
  fuzz(
    'link profiles of any values',
    fc.dictionary(
      fc.constantFrom('name', 'description', 'both', 'sourceToDestination', 'destinationToSource'),
      fc.oneof(anything, direction),
      { noNullPrototype: true },
    ),
    async (document) => areTold(await refusal(() => parseProfile(JSON.stringify(document), 'mine.yaml'))),
  );

  const attachment = JSON.stringify({
    agents: { source: 's:1', destination: 'd:1', wan: 'w:1', observer: 'o:1' },
    topology: { guestAddress: '198.18.0.1', source: { address: '198.18.1.2', gateway: '198.18.1.1' } },
  });
  fuzz('attachments', mutated([attachment]), async (text) =>
    areTold(await refusal(() => readAttachment(`{${text}`))),
  );
});

describe('YAML beyond plain values', () => {
  const bomb = [
    'a: &a [x, x, x, x, x, x, x, x, x]',
    ...['ab', 'bc', 'cd', 'de', 'ef', 'fg'].map(([from, to]) => {
      const nine = Array.from({ length: 9 }, () => `*${from!}`).join(', ');
      return `${to!}: &${to!} [${nine}]`;
    }),
  ].join('\n');

  test.each([
    ['an unknown alias', 'link: *nowhere', /^mine\.yaml:1: unknown alias "\*nowhere"/],
    ['a circular alias', '\nlink: &a [*a]', /^mine\.yaml:2: the alias "\*a" contains itself/],
    ['binary data', 'name: x\nlink: !!binary "AAAA"', /^mine\.yaml:2: expected plain values .*binary/],
    ['a tag of its own', 'link: !mine x', /^mine\.yaml:1: expected plain values .*!mine/],
    ['a merge key of no mapping', 'guest:\n  <<: 5', /^mine\.yaml:2: expected a mapping.*<</],
    ['a prototype', '__proto__: { x: 1 }', /^mine\.yaml:1: the key "__proto__"/],
    ['a list as a key', '? [1, 2]\n: 3', /keys must be strings/],
    ['a bomb of aliases', bomb, /alias count/],
    ['lists without end', '['.repeat(20_000), /^mine\.yaml: /],
  ])('%s is refused with its line', (_, text, told) => {
    const { problems } = parseSource(text, 'mine.yaml');
    expect(problems.join('\n')).toMatch(told);
  });

  test('sensible aliases and merge keys are accepted', () => {
    const source = parseSource('x: &x { a: 1 }\ny: { <<: *x, b: 2 }\nz: *x\n', 'mine.yaml');
    expect(source.problems).toEqual([]);
    expect(source.document).toEqual({ x: { a: 1 }, y: { a: 1, b: 2 }, z: { a: 1 } });
  });
});

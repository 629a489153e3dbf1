import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { experimentsFor, studyNames } from '#harness/studies/folder';
import { findStudies } from '#harness/studies/index';
import { digestOf } from '#harness/studies/read';
import { judge } from '#harness/trends/index';
import type { OutsideStudy } from '#test/support/outside-study';
import { outsideStudy } from '#test/support/outside-study';
import { trendRun } from '#test/support/trend-runs';

let outside: OutsideStudy;
beforeEach(async () => {
  outside = await outsideStudy();
});
afterEach(() => outside.remove());

/** Problems without the directory, which is another one each time. */
const problemsOf = async (...words: string[]): Promise<string[]> => {
  const problems: string[] = [];
  await findStudies(words.length === 0 ? [outside.folder] : words, problems);
  return problems.map((problem) => problem.replaceAll(`${outside.directory}/`, ''));
};

describe('studies are found', () => {
  test('by listing the folder, by name, and by path', async () => {
    expect(studyNames()).toEqual([
      'akoush-prediction',
      'icclab-10g',
      'icclab-load',
      'modcs-service',
      'ulster-wan',
    ]);
    const problems: string[] = [];
    const studies = await findStudies(['ulster-wan', outside.folder, `${outside.folder}/`], problems);
    expect(problems).toEqual([]);
    expect(studies.map(({ name, frozenOn }) => [name, frozenOn])).toEqual([
      ['ulster-wan', '2026-11-21'],
      ['my-study', null],
    ]);
    expect(studies[1]!.sweeps).toEqual({ full: join(outside.folder, 'full.yaml'), quick: null });
    expect(studies[1]!.rules.leastRepeats).toBe(3);
  });

  test('when written as docs/studies.md says', async () => {
    const page = await readFile(new URL('../../../../docs/studies.md', import.meta.url), 'utf8');
    const block = (language: string): string =>
      new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(page)![1]!;
    await outside.change('study.ts', () => block('ts'));
    await outside.change('tolerances.json', () => block('json'));
    const problems: string[] = [];
    const [study] = await findStudies([outside.folder], problems);
    expect(problems).toEqual([]);
    const runs = (spoilt: boolean) => {
      const holding = study!.onPaper!.holding();
      const { control } = study!.trends[0]!.checks[0]!;
      return (spoilt ? control!.spoil(holding) : holding).map((run) =>
        trendRun({ ...run, experiment: 'my-study' }),
      );
    };
    const verdictOf = (spoilt: boolean) => judge(runs(spoilt), [study!]).map(({ verdict }) => verdict);
    expect([verdictOf(false), verdictOf(true)]).toEqual([['holds'], ['fails']]);
  });

  test('an unknown name gets the nearest one suggested', async () => {
    expect(await problemsOf('icclab10g', './none')).toEqual([
      expect.stringMatching(/^unknown study "icclab10g"; did you mean "icclab-10g"\?/),
      './none: there is no such folder',
    ]);
  });

  test('two with the same name are refused', async () => {
    const other = await outsideStudy();
    expect(await problemsOf(outside.folder, other.folder)).toEqual([
      expect.stringContaining('another study has the name my-study'),
    ]);
    await other.remove();
  });

  test('a sweep file in a study’s folder may name that study', () => {
    expect(experimentsFor(join(outside.folder, 'other.yaml'))).toContain('my-study');
    expect(experimentsFor(join(outside.directory, 'other.yaml'))).toEqual(studyNames());
  });
});

describe('problems of a folder are reported with their file', () => {
  const check = (text: string): string =>
    text.replace('checks: [quickEnough]', 'checks: [quickEnough, quickEnough]');

  test('all of it at once', async () => {
    await outside.change('checks.ts', (text) => check(text).replace(/ {2}control: .*\n/, ''));
    await outside.change('full.yaml', null);
    await outside.change('quick.yaml', () => 'name: q\n\nexperiment: icclab-10g\n');
    await outside.change('tolerances.json', (text) => text.replace('"atMost": 2,', '"atMots": 2,').replace('"1a"', '"1b"'));
    await outside.change('known-failures.json', () => '{\n  "knownFailures": [{ "id": "2a", "on": "today", "reason": "" }]\n}');
    expect(await problemsOf()).toEqual([
      'my-study/tolerances.json:6: checks.1b.atMots: unknown key "atMots"',
      'my-study/tolerances.json:3: checks.1b: expected a bound: atLeast, atMost, above or below',
      'my-study/known-failures.json:2: knownFailures.0.on: expected a day, YYYY-MM-DD, got "today"',
      'my-study/known-failures.json:2: knownFailures.0.reason: expected the measured reason, got ""',
      'sweep file my-study/full.yaml: there is no such file',
      "my-study/quick.yaml:3: experiment: expected my-study, the name of the study's folder, got \"icclab-10g\"",
      'my-study/study.ts: two checks have the id "1a"',
      'my-study/study.ts: check 1a: expected a control, runs on which it must fail: { setup, spoil }',
      'my-study/study.ts: check 1a: expected a control, runs on which it must fail: { setup, spoil }',
    ]);
  }); // prettier-ignore

  test.each<[string, string, ((text: string) => string) | null, RegExp]>([
    ['no study.ts', 'study.ts', null, /^my-study\/study\.ts: no such file/],
    ['a study that throws', 'study.ts', () => 'throw new Error("x y")', /^my-study\/study\.ts: it can't be loaded: x y$/],
    ['a missing part', 'plot.ts', null, /^my-study\/study\.ts: it can't be loaded: .*plot\.ts/],
    ['nothing exported', 'study.ts', () => 'export const study = 1;', /^my-study\/study\.ts: export default: expected/],
    ['a wrong part', 'study.ts', (text) => text.replace("title: 'an", "titel: 'an"), /^my-study\/study\.ts: export default\.title: expected the study in a line, got nothing/],
    ['no runs to try checks on', 'study.ts', (text) => text.replace('default study', 'default { ...study, onPaper: undefined }'), /^my-study\/study\.ts: expected onPaper\.holding/],
    ['no tolerances', 'tolerances.json', null, /^tolerances my-study\/tolerances\.json: there is no such file/],
    ['no JSON', 'tolerances.json', () => '{ "checks": ', /^my-study\/tolerances\.json: /],
    ['a tolerance of no check', 'tolerances.json', (text) => text.replace('"1a"', '"1b"'), /^my-study\/tolerances\.json: expected a tolerance of check 1a$/],
    ['bounds that nothing keeps', 'tolerances.json', (text) => text.replace('"atMost": 2,', '"atMost": 2, "above": 2,'), /^my-study\/tolerances\.json:3: checks\.1a: expected bounds that some value satisfies/],
    ['a sweep of another experiment', 'full.yaml', (text) => text.replace('experiment: my-study', 'experiment: null'), /^my-study\/full\.yaml:2: experiment: expected my-study/],
    ['a known failure of no check', 'known-failures.json', () => '{"knownFailures":[{"id":"9z","on":"2026-11-26","reason":"r"}]}', /^my-study\/known-failures\.json: unknown check "9z"/],
  ])('%s', async (_, file, by, wanted) => {
    await outside.change(file, by);
    expect((await problemsOf())[0]).toMatch(wanted);
  }); // prettier-ignore

  test('a check without a control is refused, unless it is contested', async () => {
    await outside.change('checks.ts', (text) => text.replace(/control: .*,\n/, 'control: null,\n'));
    expect(await problemsOf()).toEqual([
      'my-study/study.ts: check 1a: expected a control, runs on which it must fail: { setup, spoil }',
    ]);
    await outside.remove();
    outside = await outsideStudy();
    await outside.change('checks.ts', (text) =>
      text.replace(/control: .*,\n/, 'control: null,\n  isContested: true,\n'),
    );
    expect(await problemsOf()).toEqual([]);
  });

  test('a folder whose name no sweep could use', async () => {
    const renamed = join(outside.directory, 'my study');
    await rename(outside.folder, renamed);
    expect(await problemsOf(renamed)).toEqual([expect.stringContaining('letters, digits, . _ and -')]);
  });
});

describe('frozen tolerances', () => {
  const frozen = (text: string, digest: string): string =>
    text.replace(
      /\}\s*$/,
      `, "changes": [{ "on": "2026-11-26", "why": "Frozen before anything was measured.", "digest": "${digest}" }] }`,
    );

  test('match their last digest; a silent change is refused, with the new digest', async () => {
    let digest = '';
    await outside.change('tolerances.json', (text) => {
      digest = digestOf(JSON.parse(text) as { checks: unknown });
      return frozen(text, digest);
    });
    const problems: string[] = [];
    const [study] = await findStudies([outside.folder], problems);
    expect([problems, study?.frozenOn]).toEqual([[], '2026-11-26']);
    await outside.change('tolerances.json', (text) => text.replace('"atMost": 2', '"atMost": 3'));
    const [problem] = await problemsOf();
    expect(problem).toMatch(
      /^my-study\/tolerances\.json:\d+: changes\.0\.digest: expected the digest .*, [0-9a-f]{64};/,
    );
    expect(problem).not.toContain(digest);
  });
});

/** JUnit XML in the subset that Jenkins, GitLab and GitHub understand. */

export type JunitOutcome =
  | { kind: 'passed'; text?: string }
  | { kind: 'failed'; message: string; type: string; text?: string }
  | { kind: 'skipped'; message: string };

export interface JunitCase {
  classname: string;
  name: string;
  /** In seconds. */
  timeS: number;
  outcome: JunitOutcome;
}

export interface JunitSuite {
  name: string;
  cases: readonly JunitCase[];
}

/** Characters that XML 1.0 can't represent. */
// eslint-disable-next-line no-control-regex
const notXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;
const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // Line breaks and tabs in an attribute would be read as spaces.
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
};

export const escapeXml = (text: string): string =>
  text.replaceAll(notXml, '').replaceAll(/[&<>"'\n\r\t]/g, (character) => entities[character]!);

const attributes = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join('');

const outcomeText = (outcome: JunitOutcome): string => {
  switch (outcome.kind) {
    case 'passed':
      return outcome.text === undefined ? '' : `<system-out>${escapeXml(outcome.text)}</system-out>`;
    case 'failed': {
      const { message, type, text = '' } = outcome;
      return `<failure${attributes({ message, type })}>${escapeXml(text)}</failure>`;
    }
    case 'skipped':
      return `<skipped${attributes({ message: outcome.message })}/>`;
  }
};

const testcase = ({ classname, name, timeS, outcome }: JunitCase): string =>
  `    <testcase${attributes({ classname, name, time: Number(timeS.toFixed(3)) })}>${outcomeText(outcome)}</testcase>`;

const countsOf = (cases: readonly JunitCase[]) => ({
  tests: cases.length,
  failures: cases.filter(({ outcome }) => outcome.kind === 'failed').length,
  errors: 0,
  skipped: cases.filter(({ outcome }) => outcome.kind === 'skipped').length,
});

/** The whole document. @param name of the command */
export const junitOf = (name: string, suites: readonly JunitSuite[]): string =>
  [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name, ...countsOf(suites.flatMap(({ cases }) => cases)) })}>`,
    ...suites.map(({ name: suite, cases }) =>
      [
        `  <testsuite${attributes({ name: suite, ...countsOf(cases) })}>`,
        ...cases.map(testcase),
        '  </testsuite>',
      ].join('\n'),
    ),
    '</testsuites>',
    '',
  ].join('\n');

import type { Judgement } from '../judgement.ts';
import type { TrendVerdict } from '../verdict.ts';
import { settingText } from './common.ts';

/** Characters that XML 1.0 has no way to write. */
// eslint-disable-next-line no-control-regex
const notXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;
const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // Line breaks and tabs in an attribute would be read as blanks.
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

/** A check that holds says what it found; contested and not measured are skipped with their reason. */
const outcome = (verdict: TrendVerdict): string => {
  const explanation = verdict.explanation ?? '';
  const found =
    `${settingText(verdict)}: measured ${verdict.measured ?? 'nothing'}; to hold ${verdict.tolerance}; ` +
    `published ${verdict.published} (${verdict.document}, ${verdict.table})`;
  switch (verdict.verdict) {
    case 'holds':
      return `<system-out>${escapeXml(found)}</system-out>`;
    case 'fails':
      return `<failure${attributes({ message: found, type: 'trend' })}>${escapeXml(explanation)}</failure>`;
    case 'contested':
    case 'not measured':
      return `<skipped${attributes({ message: `${verdict.verdict}: ${[verdict.measured, explanation].filter((text) => text !== null && text !== '').join('; ')}` })}/>`;
  }
};

const testcase = (verdict: TrendVerdict): string =>
  `    <testcase${attributes({
    classname: `livemig.trend-${verdict.trend}`,
    name: `${verdict.id} ${verdict.statement} [${settingText(verdict)}]`,
    time: 0,
  })}>${outcome(verdict)}</testcase>`;

const countsOf = (verdicts: readonly TrendVerdict[]) => ({
  tests: verdicts.length,
  failures: verdicts.filter(({ verdict }) => verdict === 'fails').length,
  errors: 0,
  skipped: verdicts.filter(({ verdict }) => verdict === 'contested' || verdict === 'not measured').length,
});

/**
 * JUnit XML as Jenkins and GitLab read it (the subset that all of them know): a suite a document, a case a check and
 * set-up.
 */
export const judgementJunit = ({ verdicts }: Judgement): string => {
  const suites = [...Map.groupBy(verdicts, ({ document }) => document)].map(([document, cases]) =>
    [
      `  <testsuite${attributes({ name: document, ...countsOf(cases) })}>`,
      ...cases.map(testcase),
      '  </testsuite>',
    ].join('\n'),
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'livemig validate', ...countsOf(verdicts) })}>`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
};

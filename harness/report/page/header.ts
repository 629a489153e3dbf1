import { byKind, kindTexts } from '#harness/trends/kind';
import type { TrendVerdict } from '#harness/trends/verdict';
import { isOfModels, verdictWords, wordOf } from '#harness/trends/verdict';
import type { Markup } from './html.ts';
import { markup } from './html.ts';
import type { ReportInput } from './input.ts';
import { verdictMark } from './verdict.ts';

const marksOf = (verdicts: readonly TrendVerdict[]): Markup[] =>
  verdictWords
    .map((word) => ({ word, count: verdicts.filter((verdict) => wordOf(verdict) === word).length }))
    .filter(({ count }) => count > 0)
    .map(({ word, count }) => markup`<span class="count">${count} ${verdictMark(word)}</span> `);

/** Each kind of check by itself. */
const countsOf = (verdicts: readonly TrendVerdict[], what: string): Markup | '' =>
  verdicts.length === 0
    ? ''
    : markup`<p class="outcome">
        Of ${verdicts.length} <a href="#checks">checks</a> on ${what}:
        ${byKind(verdicts).map(
          ({ kind, ofKind }) => markup`<span class="kind">${kindTexts[kind]}: ${marksOf(ofKind)}</span>`,
        )}
      </p>`;

/** Measured and simulated runs are counted apart. */
const outcomeOf = ({ studies, judgement: { verdicts } }: ReportInput): Markup | '' => {
  if (studies.length === 0) return '';
  if (verdicts.length === 0)
    return markup`<p class="outcome">No checks on the documents’ trends were made.</p>`;
  const measured = verdicts.filter((verdict) => !isOfModels(verdict));
  return markup`${countsOf(measured, 'the documents’ trends')}
    ${countsOf(verdicts.filter(isOfModels), 'simulated runs')}`;
};

/** Title and verdicts: what the page is about. */
export const headerOf = (input: ReportInput): Markup =>
  markup`<header id="top">
    <p class="kicker">livemig report</p>
    <h1>${input.title}</h1>
    ${outcomeOf(input)}
  </header>`;

import type { JunitOutcome } from '#harness/junit';
import { junitOf } from '#harness/junit';
import type { Judgement } from '../judgement.ts';
import { kindTexts } from '../kind.ts';
import type { TrendVerdict } from '../verdict.ts';
import { eraTexts, wordOf } from '../verdict.ts';
import { explanationsOf, setUpText } from './common.ts';

/** A check that holds has its finding; contested and not measured ones are skipped with their reason. */
const outcome = (verdict: TrendVerdict): JunitOutcome => {
  const explanation = explanationsOf(verdict).join('. ');
  const found =
    `${setUpText(verdict)}: measured ${verdict.measured ?? 'nothing'}; to hold ${verdict.tolerance}; ` +
    `published ${verdict.published} (${verdict.document}, ${verdict.table}); ${[kindTexts[verdict.kind], ...eraTexts(verdict)].join('; ')}`;
  switch (wordOf(verdict)) {
    case 'holds':
    case 'holds in era':
      return { kind: 'passed', text: found };
    case 'fails':
      return { kind: 'failed', message: found, type: 'trend', text: explanation };
    case 'contested':
    case 'not measured':
      return {
        kind: 'skipped',
        message: `${verdict.verdict}: ${[verdict.measured, explanation].filter((text) => text !== null && text !== '').join('; ')}`,
      };
  }
};

/** A suite per document, a case per check and set-up. */
export const judgementJunit = ({ verdicts }: Judgement): string =>
  junitOf(
    'livemig validate',
    [...Map.groupBy(verdicts, ({ document }) => document)].map(([document, ofIt]) => ({
      name: document,
      cases: ofIt.map((verdict) => ({
        classname: `livemig.trend-${verdict.trend}`,
        name: `${verdict.id} ${verdict.statement} [${setUpText(verdict)}]`,
        timeS: 0,
        outcome: outcome(verdict),
      })),
    })),
  );

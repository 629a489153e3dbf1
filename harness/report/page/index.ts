import type { Study } from '#harness/trends/study';
import { aboutSection } from './about.ts';
import { answerSection } from './answer.ts';
import { checksSection } from './checks.ts';
import { contentsOf } from './contents.ts';
import type { Entry } from './contents.ts';
import { contradictionsSection } from './contradictions.ts';
import { environmentSection } from './environment.ts';
import type { ExperimentContext } from './experiment.ts';
import { experimentSection, keyFigure } from './experiment.ts';
import { headerOf } from './header.ts';
import type { Markup } from './html.ts';
import { markup, trusted } from './html.ts';
import { uniqueIds } from './ids.ts';
import type { ReportInput } from './input.ts';
import { linksSection } from './links.ts';
import { methodSection } from './method.ts';
import { fingerprint, sourceHash } from './pack.ts';
import { failuresSection, runsSection } from './runs.ts';
import { pageScript } from './script.ts';
import { pageStyle } from './style.ts';

/** Nothing is fetched, and only the page's own script runs, even if a result is hostile. */
const policy = async (): Promise<string> =>
  [
    "default-src 'none'",
    `script-src ${await sourceHash(pageScript)}`,
    `style-src ${await sourceHash(pageStyle)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

/** Those from `before` on, numbered. */
const figureEntries = (figures: readonly Entry[], before: number): Entry[] =>
  figures
    .slice(before)
    .map((figure, index) => ({ ...figure, title: `Figure ${before + index + 1}. ${figure.title}` }));

/** An experiment's section with its entry in the contents. */
const experimentPart = async (
  study: Study,
  context: ExperimentContext,
): Promise<{ entry: Entry; section: Markup }> => {
  const before = context.figures.length;
  const section = await experimentSection(study, context);
  const entries = figureEntries(context.figures, before);
  return { entry: { id: study.name, title: `Experiment ${study.name}`, entries }, section };
};

/** What came out, with its entry in the contents. */
const answerPart = async (
  { runs, studies, axisOrder = new Map() }: ReportInput,
  context: ExperimentContext,
): Promise<{ entry: Entry; section: Markup }> => {
  const keyFigures: Markup[] = [];
  for (const study of studies) keyFigures.push(await keyFigure(study, context));
  const section = await answerSection({
    ...{ runs, studies, axisOrder, keyFigures },
    figures: context.figures,
  });
  return {
    entry: { id: 'answer', title: 'What came out', entries: figureEntries(context.figures, 0) },
    section,
  };
};

const skeleton = (title: string, csp: string, body: Markup): string =>
  markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${csp}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trusted(pageStyle)}</style>
</head>
<body>${body}
<script>${trusted(pageScript)}</script>
</body>
</html>
`.text;

/** What only makes sense beside runs of a study. */
const entriesOfDocuments: readonly Entry[] = [
  { id: 'checks', title: 'Checks on the documents’ trends' },
  { id: 'contradictions', title: 'Contradictions in the documents' },
];

/** A result set as one page that needs only a browser. Everything from results is escaped. */
export const reportPage = async (input: ReportInput): Promise<string> => {
  const { runs, studies, absent, judgement } = input;
  const hasStudies = studies.length > 0;
  const { verdicts } = judgement;
  const anchors = uniqueIds('run', runs, ({ runId }) => runId);
  const byRunId = new Map([...anchors].map(([{ runId }, anchor]) => [runId, anchor]));
  const ids = uniqueIds('check', verdicts, ({ id }) => id);
  const context: ExperimentContext = { runs, verdicts, checkIds: ids, figures: [], onTop: new Set() };
  const answer = await answerPart(input, context);
  const parts: { entry: Entry; section: Markup }[] = [];
  for (const study of studies) parts.push(await experimentPart(study, context));
  const contents: Entry[] = [
    answer.entry,
    ...parts.map(({ entry }) => entry),
    ...(hasStudies ? entriesOfDocuments : []),
    { id: 'about', title: 'About this result set' },
    { id: 'method', title: 'How to read this page' },
    { id: 'environment', title: 'Environment' },
    { id: 'links', title: 'Links and their calibration' },
    { id: 'failures', title: 'Runs without numbers' },
    { id: 'runs', title: 'All runs' },
  ];
  const body = markup`${headerOf(input)}
    <main>
      ${answer.section}
      ${contentsOf(contents)}
      ${parts.map(({ section }) => section)}
      ${hasStudies ? checksSection(judgement, absent, { ids, runs: byRunId }) : ''}
      ${hasStudies ? contradictionsSection(judgement.contradictions) : ''}
      ${aboutSection(input, await fingerprint(JSON.stringify(runs)))}
      ${methodSection(judgement.notes, hasStudies)}
      ${environmentSection(runs)}
      ${linksSection(runs)}
      ${failuresSection(runs, anchors)}
      ${await runsSection(runs, anchors)}
    </main>`;
  return skeleton(input.title, await policy(), body);
};

export type { ReportInput } from './input.ts';

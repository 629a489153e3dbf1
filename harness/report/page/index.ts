import type { Experiment } from '../../trends/published.ts';
import { experiments } from '../../trends/published.ts';
import { checksSection } from './checks.ts';
import { contentsOf } from './contents.ts';
import type { Entry } from './contents.ts';
import { contradictionsSection } from './contradictions.ts';
import { environmentSection } from './environment.ts';
import type { ExperimentContext } from './experiment.ts';
import { experimentSection } from './experiment.ts';
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

/** Nothing is fetched, and nothing runs but the page's own script: not even what a hostile result brought in. */
const policy = async (): Promise<string> =>
  [
    "default-src 'none'",
    `script-src ${await sourceHash(pageScript)}`,
    `style-src ${await sourceHash(pageStyle)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

/** An experiment's section with its entry in the contents. */
const experimentPart = async (
  id: Experiment,
  context: ExperimentContext,
): Promise<{ entry: Entry; section: Markup }> => {
  const before = context.figures.length;
  const section = await experimentSection(id, context);
  const entries = context.figures
    .slice(before)
    .map((figure, index) => ({ ...figure, title: `Figure ${before + index + 1}. ${figure.title}` }));
  return { entry: { id, title: `Experiment ${id}`, entries }, section };
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

/** A result set as one page that needs nothing but a browser. Everything that comes from results is escaped. */
export const reportPage = async (input: ReportInput): Promise<string> => {
  const { runs, judgement } = input;
  const { verdicts } = judgement;
  const anchors = uniqueIds('run', runs, ({ runId }) => runId);
  const byRunId = new Map([...anchors].map(([{ runId }, anchor]) => [runId, anchor]));
  const ids = uniqueIds('check', verdicts, ({ id }) => id);
  const context: ExperimentContext = { runs, verdicts, checkIds: ids, figures: [] };
  const parts: { entry: Entry; section: Markup }[] = [];
  for (const experiment of experiments) parts.push(await experimentPart(experiment, context));
  const contents: Entry[] = [
    { id: 'checks', title: 'Checks on the documents’ trends' },
    { id: 'contradictions', title: 'Contradictions in the documents' },
    { id: 'method', title: 'How to read this page' },
    ...parts.map(({ entry }) => entry),
    { id: 'environment', title: 'Environment' },
    { id: 'links', title: 'Links and their calibration' },
    { id: 'failures', title: 'Runs without numbers' },
    { id: 'runs', title: 'All runs' },
  ];
  const body = markup`${headerOf(input, await fingerprint(JSON.stringify(runs)))}
    ${contentsOf(contents)}
    <main>
      ${checksSection(judgement, { ids, runs: byRunId })}
      ${contradictionsSection(judgement.contradictions)}
      ${methodSection(judgement.notes)}
      ${parts.map(({ section }) => section)}
      ${environmentSection(runs)}
      ${linksSection(runs)}
      ${failuresSection(runs, anchors)}
      ${await runsSection(runs, anchors)}
    </main>`;
  return skeleton(input.title, await policy(), body);
};

export type { ReportInput } from './input.ts';

import type { StudyDefinition } from 'livemig/study';
import { trend16 } from './checks/trend-16-size.ts';
import { trend26 } from './checks/trend-26-lost-requests.ts';
import { holdingRuns } from './on-paper.ts';
import { plots } from './plots/charts.ts';
import { published } from './published.ts';

const study: StudyDefinition = {
  title: 'a web service in the migrating guest',
  document: published.document,
  what: published.what,
  trends: [trend16, trend26],
  onPaper: { holding: holdingRuns },
  plots,
};

export default study;

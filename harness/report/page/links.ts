import type { LinkDirection } from '#proto/link';
import { rttMsOf } from '#proto/link';
import { formatCount } from '#harness/format';
import { impairmentWords } from '#harness/link-words';
import type { RunResult } from '#harness/result';
import { medianOf } from '#harness/trends/statistics';
import { figure } from '../figures.ts';
import type { Markup } from './html.ts';
import { markup } from './html.ts';
import { tableOf } from './table.ts';

type Calibration = NonNullable<RunResult['link']['calibration']>;

/** Median and range over the runs of a link. */
const spreadText = (
  calibrations: readonly Calibration[],
  of: (calibration: Calibration) => number,
): string => {
  const values = calibrations.map(of);
  const low = figure(Math.min(...values));
  const high = figure(Math.max(...values));
  const middle = figure(medianOf(calibrations, of));
  return low === high ? middle : `${middle} (${low}–${high})`;
};

const profileText = ({ definition }: RunResult['link']): string => {
  if (definition === null) return '–';
  const wordsOf = (direction: LinkDirection): string =>
    [
      `${figure(direction.rateMbps)} Mb/s`,
      ...impairmentWords(direction),
      `buffer ${direction.bufferMs} ms`,
    ].join(', ');
  const there = wordsOf(definition.sourceToDestination);
  const back = wordsOf(definition.destinationToSource);
  return `RTT ${figure(rttMsOf(definition))} ms, ${there === back ? there : `${there} there; ${back} back`}`;
};

const countText = (calibrated: number, runs: number, outside: number): string =>
  `${formatCount(calibrated)} of ${formatCount(runs)}${outside === 0 ? '' : `, ${outside} out of tolerance`}`;

const rowOf = (runs: readonly RunResult[]): (string | Markup)[] => {
  const { link } = runs[0]!;
  const calibrations = runs.flatMap((run) => (run.link.calibration === null ? [] : [run.link.calibration]));
  const outside = calibrations.filter(({ ok }) => !ok).length;
  const name = `${link.profile}, ${link.backend ?? 'no backend'}`;
  if (calibrations.length === 0)
    return [name, profileText(link), '–', '–', '–', '–', '–', `0 of ${runs.length}`];
  return [
    name,
    markup`<span class="wrap">${profileText(link)}</span>`,
    spreadText(calibrations, ({ targetRttMs }) => targetRttMs),
    spreadText(calibrations, ({ rttMs }) => rttMs),
    spreadText(calibrations, ({ expectedGoodputMbps }) => expectedGoodputMbps),
    spreadText(calibrations, ({ goodputMbps }) => goodputMbps),
    spreadText(calibrations, ({ delayCorrectionMs }) => delayCorrectionMs),
    markup`<span class="wrap">${countText(calibrations.length, runs.length, outside)}</span>`,
  ];
};

/** Each link's target, and its calibration before the migrations. */
export const linksSection = (runs: readonly RunResult[]): Markup => {
  const groups = Map.groupBy(runs, ({ link }) => `${link.profile} ${link.backend ?? ''}`);
  return markup`<section id="links">
    <h2>Links and their calibration</h2>
    <p>
      Every run measures the round trip (application to application) before it migrates. TCP goodput through the
      shaped link is measured when its testbed comes up, and stands for all runs that are made in it. Outside of the
      tolerance a run ends as <em>invalid</em>, without numbers. Medians, with the range over the runs.
    </p>
    ${tableOf({
      label: 'Links: target and measured',
      kind: 'figures',
      head: [
        'Link, backend',
        'Profile',
        'RTT target (ms)',
        'RTT measured (ms)',
        'Goodput expected (Mb/s)',
        'Goodput measured (Mb/s)',
        'Delay correction (ms)',
        'Calibrated runs',
      ],
      rows: [...groups.values()].map(rowOf),
    })}
  </section>`;
};

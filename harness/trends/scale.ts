import { bandwidthDelayProductBytes } from '../../proto/units.ts';
import type { RunResult } from '../result.ts';
import type { Setting } from './cells.ts';
import { settingsOf } from './cells.ts';
import { experiments } from './published.ts';
import { bandwidthMbps, ramBytes } from './quantities.ts';
import { leastBy } from './statistics.ts';
import { formatBytes } from '../format.ts';
import { figure, scaleText, variantText } from './words.ts';

const rttMs = ({ link }: RunResult): number => link.calibration?.rttMs ?? NaN;
const inFlightBytes = (run: RunResult): number => bandwidthDelayProductBytes(bandwidthMbps(run), rttMs(run));

/** The run whose guest is smallest against what its link holds in flight. */
const tightest = (runs: readonly RunResult[]): string => {
  const run = leastBy(runs, (each) => ramBytes(each) / inFlightBytes(each));
  return (
    `RTT·B/M is up to ${figure(inFlightBytes(run) / ramBytes(run))} here (${run.link.profile}: ` +
    `${formatBytes(inFlightBytes(run))} in flight, a guest of ${formatBytes(ramBytes(run))})`
  );
};

const noteOf = ({ experiment, backend, driver, guestScale, variant, cells }: Setting): string => {
  const runs = cells.flatMap((cell) => cell.runs).filter((run) => Number.isFinite(inFlightBytes(run)));
  const times = figure(1 / guestScale);
  const scaling =
    guestScale === 1
      ? 'guests are of full size, so nothing is scaled'
      : `guest memory is scaled by κ_M = ${scaleText(guestScale)}, links and RTT are not. Slopes per stressed byte, ` +
        `orderings, pre-copy's limit and fault latencies are measured as they are; fixed overheads, RTT and the ` +
        `downtime limit weigh ${times} times more against total time than they would with full-size guests, and ` +
        `RTT·B/M is ${times} times larger`;
  return `${experiment} (${backend}, ${driver}${variantText(variant)}): ${scaling}. ${runs.length === 0 ? '' : `${tightest(runs)}.`}`.trim();
};

const sweepsOf = ({ cells }: Setting): string[] => {
  const byName = Map.groupBy(
    cells.flatMap(({ runs }) => runs),
    ({ sweep }) => sweep!.name,
  );
  return [...byName].flatMap(([name, group]) => {
    const sweeps = new Set(group.map(({ sweep }) => sweep!.sweepId)).size;
    const versions = [...new Set(group.map(({ environment }) => environment.livemigVersion))];
    return sweeps === 1
      ? []
      : [`${name}: runs of ${sweeps} sweeps are taken together (livemig ${versions.join(', ')}).`];
  });
};

/** What a reader of the verdicts must know of how they came about: scaling, and sweeps taken together. */
export const scaleNotes = (runs: readonly RunResult[]): string[] => {
  const settings = experiments.flatMap((experiment) => settingsOf(runs, experiment));
  return [...settings.map(noteOf), ...new Set(settings.flatMap(sweepsOf))];
};

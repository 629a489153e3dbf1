import { bandwidthDelayProductBytes } from '#proto/units';
import type { RunResult } from '../result.ts';
import { bandwidthMbps, ramBytes } from './run-figures.ts';
import type { SetUp } from './set-ups.ts';
import { setUpsOf } from './set-ups.ts';
import { leastBy } from './statistics.ts';
import type { Study } from './study.ts';
import { formatBytes } from '../format.ts';
import { isSimulated } from '../testbed/testbed.ts';
import { driverText, figure, scaleText, variantText } from './words.ts';

const rttMs = ({ link }: RunResult): number => link.calibration?.rttMs ?? NaN;
const inFlightBytes = (run: RunResult): number => bandwidthDelayProductBytes(bandwidthMbps(run), rttMs(run));

/** The run whose guest is smallest relative to its link's bytes in flight. */
const tightest = (runs: readonly RunResult[]): string => {
  const run = leastBy(runs, (each) => ramBytes(each) / inFlightBytes(each));
  return (
    `RTT·B/M is up to ${figure(inFlightBytes(run) / ramBytes(run))} here (${run.link.profile}: ` +
    `${formatBytes(inFlightBytes(run))} in flight, a guest of ${formatBytes(ramBytes(run))})`
  );
};

const noteOf = ({ experiment, backend, driver, guestScale, variant, cells }: SetUp): string => {
  const runs = cells.flatMap((cell) => cell.runs).filter((run) => Number.isFinite(inFlightBytes(run)));
  const times = figure(1 / guestScale);
  const scaling =
    guestScale === 1
      ? 'guests are of full size, so nothing is scaled'
      : `guest memory is scaled by κ_M = ${scaleText(guestScale)}, links and RTT are not. Slopes per stressed byte, ` +
        `orderings, pre-copy's limit and fault latencies are measured as they are; fixed overheads, RTT and the ` +
        `downtime limit weigh ${times} times more against total time than they would with full-size guests, and ` +
        `RTT·B/M is ${times} times larger`;
  return `${experiment} (${backend}, ${driverText(driver)}${variantText(variant)}): ${scaling}. ${runs.length === 0 ? '' : `${tightest(runs)}.`}`.trim();
};

const sweepsOf = ({ cells }: SetUp): string[] => {
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

/** Where runs were computed from models, that they were, and what stands apart from them. */
const simulationNote = (setUps: readonly SetUp[]): string[] => {
  const [simulated, measured] = [true, false].map((is) =>
    setUps
      .filter(({ driver }) => isSimulated(driver) === is)
      .reduce((sum, { cells }) => sum + cells.reduce((runs, cell) => runs + cell.runs.length, 0), 0),
  );
  if (simulated === 0) return [];
  return [
    `${simulated} of these runs are simulated: hosts, guest and link are models, and nothing of them was measured. ` +
      (measured === 0
        ? 'There are no measured runs.'
        : `They are judged apart from the ${measured} measured ones.`),
  ];
};

/** Notes on how the verdicts were derived: scaling, and combined sweeps. */
export const scaleNotes = (runs: readonly RunResult[], studies: readonly Pick<Study, 'name'>[]): string[] => {
  const setUps = studies.flatMap(({ name }) => setUpsOf(runs, name));
  return [...setUps.map(noteOf), ...new Set(setUps.flatMap(sweepsOf)), ...simulationNote(setUps)];
};

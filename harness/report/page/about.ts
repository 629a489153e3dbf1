import { formatBytes, formatCount } from '#harness/format';
import type { RunResult } from '#harness/result';
import { isSimulated } from '#harness/testbed/testbed';
import { driverText } from '#harness/trends/words';
import type { Markup } from './html.ts';
import { markup } from './html.ts';
import type { ReportInput } from './input.ts';
import { factsOf } from './table.ts';

const unique = (values: readonly string[]): string[] => [...new Set(values)];

/** `2026-11-20 09:15 UTC` */
const momentText = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

/** From the start of the first run to that of the last. */
const whenText = (runs: readonly RunResult[]): string => {
  const starts = runs.map(({ startedAt }) => startedAt).sort();
  const first = momentText(starts[0] ?? '');
  const last = momentText(starts.at(-1) ?? '');
  return first === last ? first : `${first} to ${last}`;
};

const machineText = ({ environment }: RunResult): string => {
  const { cpuModel, cpus, memoryBytes, kernel } = environment;
  return `${cpuModel}, ${cpus} CPUs, ${formatBytes(memoryBytes)}, Linux ${kernel}`;
};

/** `412 completed, 3 failed` */
export const statesText = (runs: readonly RunResult[]): string =>
  [...Map.groupBy(runs, ({ state }) => state)]
    .sort(([, one], [, other]) => other.length - one.length)
    .map(([state, group]) => `${formatCount(group.length)} ${state}`)
    .join(', ');

const softwareText = ({ environment }: RunResult): string =>
  `livemig ${environment.livemigVersion}, Node ${environment.nodeVersion}`;

const testbedText = ({ driver, link }: RunResult): string =>
  `driver ${driver === null ? 'none' : driverText(driver)}, link backend ${link.backend ?? 'none'}`;

export const isOfModel = ({ driver }: RunResult): boolean => driver !== null && isSimulated(driver);

/** Models are in no time of ours: their clock begins at 1970. */
const datesOf = (runs: readonly RunResult[]): [string, string][] => {
  const measured = runs.filter((run) => !isOfModel(run));
  return measured.length === 0 ? [] : [['Measured', whenText(measured)]];
};

/** What is real and what isn't. */
const ledeOf = ({ runs, studies }: ReportInput): string => {
  const isHeldAgainst = studies.length > 0;
  if (!runs.some(isOfModel))
    return (
      'Live migrations of virtual machines between two emulated hosts over an emulated link, measured' +
      (isHeldAgainst ? ' and held against what documents published. ' : '. ') +
      `Links and round trips are real${isHeldAgainst ? '; guests are scaled where it is said' : ''}.`
    );
  const some = runs.every(isOfModel) ? 'All runs' : 'Some runs';
  return (
    'Live migrations of virtual machines between two hosts' +
    (isHeldAgainst ? ', held against what documents published. ' : '. ') +
    `${some} are simulated: hosts, guest and link are models in virtual time, and nothing of them was measured.` +
    (isHeldAgainst ? ' Guests are scaled where it is said.' : '')
  );
};

/** Of runs without a study: why the page has no checks. */
const noChecksText = ({ studies, absent }: ReportInput): string =>
  studies.length > 0 || absent.length === 0
    ? ''
    : ` No run here repeats an experiment of a study (${absent.join(', ')}), so there are no checks.`;

/** What was measured, when and where. @param dataId the result set's SHA-256 */
export const aboutSection = (input: ReportInput, dataId: string): Markup => {
  const { runs, generatedAt, livemigVersion } = input;
  return markup`<section id="about">
    <h2>About this result set</h2>
    <p>${ledeOf(input)}${noChecksText(input)}</p>
    ${factsOf([
      ...datesOf(runs),
      ['Runs', `${formatCount(runs.length)}: ${statesText(runs)}`],
      ['Machine', unique(runs.map(machineText)).join('; ')],
      ['Testbed', unique(runs.map(testbedText)).join('; ')],
      ['Software', unique(runs.map(softwareText)).join('; ')],
      ['Page made', `${momentText(generatedAt)} by livemig ${livemigVersion}`],
      ['Result set', markup`<span class="hash">SHA-256 ${dataId}</span>`],
    ])}
  </section>`;
};

import { formatBytes, formatCount } from '../../format.ts';
import type { RunResult } from '../../result.ts';
import type { TrendVerdict } from '../../trends/verdict.ts';
import { verdictNames } from '../../trends/verdict.ts';
import type { Markup } from './html.ts';
import { markup } from './html.ts';
import type { ReportInput } from './input.ts';
import { factsOf } from './table.ts';
import { verdictMark } from './verdict.ts';

const unique = (values: readonly string[]): string[] => [...new Set(values)];

/** `2026-11-20 09:15 UTC` */
export const momentText = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

/** From the first run's start to the last one's. */
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
  `driver ${driver ?? 'none'}, link backend ${link.backend ?? 'none'}`;

const outcomeOf = (verdicts: readonly TrendVerdict[]): Markup =>
  verdicts.length === 0
    ? markup`<p class="outcome">No check of the documents’ trends was made.</p>`
    : markup`<p class="outcome">
        Of ${verdicts.length} <a href="#checks">checks</a> on the documents’ trends:
        ${verdictNames
          .map((name) => ({ name, count: verdicts.filter(({ verdict }) => verdict === name).length }))
          .filter(({ count }) => count > 0)
          .map(({ name, count }) => markup`<span class="count">${count} ${verdictMark(name)}</span>`)}
      </p>`;

/** Title, what was measured, when and where. @param dataId the result set's SHA-256 */
export const headerOf = (input: ReportInput, dataId: string): Markup => {
  const { title, runs, judgement, generatedAt, livemigVersion } = input;
  return markup`<header id="top">
    <p class="kicker">livemig report</p>
    <h1>${title}</h1>
    <p class="lede">
      Live migrations of virtual machines between two emulated hosts over an emulated link, measured and held
      against what two documents published. Links and round trips are real; guests are scaled where it is
      said.
    </p>
    ${outcomeOf(judgement.verdicts)}
    ${factsOf([
      ['Measured', whenText(runs)],
      ['Runs', `${formatCount(runs.length)}: ${statesText(runs)}`],
      ['Machine', unique(runs.map(machineText)).join('; ')],
      ['Testbed', unique(runs.map(testbedText)).join('; ')],
      ['Software', unique(runs.map(softwareText)).join('; ')],
      ['Page made', `${momentText(generatedAt)} by livemig ${livemigVersion}`],
      ['Result set', markup`<span class="hash">SHA-256 ${dataId}</span>`],
    ])}
  </header>`;
};

import { fileURLToPath } from 'node:url';
import type { HostRole } from '#proto/control';
import { hostRoles } from '#proto/control';

/** The cells of the matrix: which process gets which signal, and when. */

export type Victim = HostRole | 'harness';
/** CONT: stopped, and continued after `stoppedMs`. */
export type StrikeSignal = 'KILL' | 'STOP' | 'CONT' | 'TERM' | 'INT' | 'HUP' | 'QUIT';

/** How long a process is stopped before it is continued. */
export const stoppedMs = 3000;

/** How a run is brought into a phase, and how to tell that it is there. */
export interface Phase {
  name: string;
  /** What the harness then says on standard error. */
  line: string;
  /** Options of `livemig run`, besides those of all runs. */
  args: readonly string[];
  /** An order that leads to the phase, and the line after which it is given. */
  order?: { after: string; words: readonly string[] };
  /** An order that a run needs to continue after it was only stopped for a while. */
  goOn?: readonly string[];
  /** There are no agents yet. */
  harnessOnly?: true;
}

const preCopy = ['--strategy', 'pre-copy', '--max-bandwidth', '16'] as const;
const postCopy = ['--strategy', 'post-copy', '--max-postcopy-bandwidth', '16'] as const;
const fastPostCopy = ['--strategy', 'post-copy'] as const;

/** In the order in which a run passes them. */
export const phases = [
  { name: 'up', line: '] up:', args: preCopy, harnessOnly: true },
  { name: 'calibrate', line: '] calibrate', args: preCopy },
  { name: 'boot', line: '] boot', args: preCopy },
  { name: 'active', line: '] status active', args: preCopy },
  {
    name: 'pre-switchover',
    line: '] status pre-switchover',
    args: ['--strategy', 'pre-copy', '--cap', 'pause-before-switchover=60'],
    goOn: ['continue'],
  },
  // 40 MiB of device state take more than three seconds.
  { name: 'device', line: '] status device', args: fastPostCopy },
  { name: 'postcopy-active', line: '] status postcopy-active', args: postCopy },
  {
    name: 'postcopy-paused',
    line: '] status postcopy-paused',
    args: postCopy,
    order: { after: '] status postcopy-active', words: ['cut', '25000'] },
  },
  { name: 'collect', line: '] collect', args: fastPostCopy },
] as const satisfies readonly Phase[];
export type PhaseName = (typeof phases)[number]['name'];

const link = fileURLToPath(new URL('link-100m.yaml', import.meta.url));

/** The options of every run. */
export const commonArgs = (phase: PhaseName): string[] => [
  'run', '--json', '--link', link, '--workload', 'stress:4MiB@100',
  '--guest', `40MiB,baseFootprint=32MiB${phase === 'device' ? ',deviceState=40MiB' : ''}`,
]; // prettier-ignore

export interface Cell {
  victim: Victim;
  phase: PhaseName;
  signal: StrikeSignal;
}

const agentSignals = ['KILL', 'STOP', 'CONT', 'TERM'] as const;
const harnessSignals = ['INT', 'TERM', 'HUP', 'QUIT', 'KILL', 'CONT'] as const;

/** Each process with each signal: the rows of the table. */
export const strikes: readonly Omit<Cell, 'phase'>[] = [
  ...hostRoles.flatMap((victim) => agentSignals.map((signal) => ({ victim, signal }))),
  ...harnessSignals.map((signal) => ({ victim: 'harness', signal }) as const),
];

export const phaseNamed = (name: PhaseName): Phase => phases.find((phase) => phase.name === name)!;

export const cells: readonly Cell[] = strikes.flatMap((strike) =>
  phases
    .filter((phase) => strike.victim === 'harness' || !('harnessOnly' in phase))
    .map(({ name }) => ({ ...strike, phase: name })),
);

export const cellText = ({ victim, phase, signal }: Cell): string => `${signal} ${victim} in ${phase}`;

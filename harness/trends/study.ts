import type { Accounting } from '../measure/accounting.ts';
import type { Plot } from '../report/plots/plot.ts';
import type { CompletedRun } from '../result.ts';
import type { Era } from './era.ts';
import type { Needs } from './needs.ts';
import type { PaperRun } from './paper-run.ts';
import type { SetUp } from './set-ups.ts';
import type { Draw } from './statistics.ts';
import type { Rules, Tolerance } from './tolerances.ts';
import type { VerdictName } from './verdict.ts';

/** The finding of a check, once everything it needs is available. */
export interface Finding {
  /**
   * The quantity, in the unit of its tolerance. It takes each cell's runs through `draw`, always the same array for a
   * cell.
   */
  statistic: (draw: Draw) => number;
  /** Additional detail: which cell, the underlying figures. */
  detail?: string;
  explanation?: string | null;
  /**
   * Why a claim about all cells can't be confirmed. Measurements can still refute it: the check fails out of bounds and
   * is not measured within them.
   */
  incomplete?: string;
}

export interface JudgeOptions {
  /** How bytes are counted, for checks that use them. */
  accounting: Accounting;
}

/** What a check is told about how to judge. */
export interface CheckOptions extends JudgeOptions {
  /** A run's time in ms: its total time, and in an era that of the era's software. */
  timeMs: (run: CompletedRun) => number;
}

/** A negative control: shows that a check can fail. */
export interface Control {
  /** What is wrong with these runs, in a few words. */
  setup: string;
  /** @returns runs on which the check must fail. @param runs those on which every check of the study holds */
  spoil: (runs: readonly PaperRun[]) => readonly PaperRun[];
}

/** One claim of a trend: a quantity of the runs of one set-up, checked against its tolerance. */
export interface Check {
  /** The key of its tolerance. */
  id: string;
  statement: string;
  /** Table or figure. */
  table: string;
  published: string;
  /** Contested among the documents' readers: never holds, regardless of the finding. */
  isContested?: boolean;
  /** The verdict on the documents' own tables; default `holds`. */
  publishedVerdict?: VerdictName;
  /** null only for contested checks, which neither hold nor fail. */
  control: Control | null;
  /** Requests the cells it needs; the returned function is only called if nothing is missing. */
  prepare: (need: Needs, options: CheckOptions) => () => Finding;
}

/** One trend of a study's document. */
export interface Trend {
  trend: number;
  checks: readonly Check[];
}

/** Two contradictory figures of the documents for the same quantity. */
export interface Contradiction {
  id: string;
  document: string;
  /** The first figure and its place. */
  claim: string;
  claimed: number;
  /** Tables that the second figure is computed from. */
  tables: string;
  computed: number;
  unit: string;
  /** Both in one sentence. */
  text: string;
}

/** A table of figures of one set-up, for what a single verdict can't show. */
export interface StudyTable {
  title: string;
  columns: readonly { key: string; title: string }[];
  /** One value per column. */
  rows: readonly Readonly<Record<string, string | number>>[];
}

/** Synthetic runs to test a study's checks on. */
export interface OnPaper {
  /** Runs on which every check holds, except for contested ones. */
  holding: () => readonly PaperRun[];
  /** The document's own tables as runs; each check gives its `publishedVerdict`. */
  published?: () => readonly PaperRun[];
  /**
   * Runs without what the documents' software added: the checks of an era fail on them as measured, hold in the era, and
   * fail in it without its fixed time. Required if there are eras.
   */
  withoutSoftware?: () => readonly PaperRun[];
}

/** The default export of a study's `study.ts`. Its name is its folder's. */
export interface StudyDefinition {
  /** One line. */
  title: string;
  /** The source: title, who, when. */
  document: string;
  /** What the document's authors did, without a full stop. */
  what: string;
  trends?: readonly Trend[];
  /** Required if there are checks. */
  onPaper?: OnPaper;
  contradictions?: () => readonly Contradiction[];
  /** Parts of the quick sweep that CI repeats with containers, so that their verdicts stand beside; default none. */
  subset?: readonly string[];
  /** What the document's software added, for checks that fail without it. */
  eras?: readonly Era[];
  /** In the document's order. */
  plots?: readonly ((setUp: SetUp) => Plot)[];
  /** @returns null if there is nothing to show */
  tables?: readonly ((need: Needs) => StudyTable | null)[];
}

/** A check that is known to fail on our testbed. */
export interface KnownFailure {
  /** Of the check, as in tolerances.json. */
  id: string;
  /** Day of the measurement that explains it, YYYY-MM-DD. */
  on: string;
  /** Measured, not guessed. */
  reason: string;
  /**
   * It explains a failure only on a machine that was at least as busy in one of the check's cells, by measurement: a
   * share of its CPU time, 0 to 1. Elsewhere the failure is unexplained. Absent: it explains every failure.
   */
  machineBusyAtLeast?: number | undefined;
}

/** A loaded study: its definition and the files next to it. */
export interface Study extends Required<Omit<StudyDefinition, 'onPaper'>> {
  /** Also the name of its sweeps' experiment. */
  name: string;
  onPaper: OnPaper | null;
  /** Paths; null if there is none. */
  sweeps: { full: string | null; quick: string | null };
  rules: Rules;
  /** By check id. */
  tolerances: Readonly<Record<string, Tolerance>>;
  /** Day of the freeze; null while the tolerances may still change. */
  frozenOn: string | null;
  knownFailures: readonly KnownFailure[];
}

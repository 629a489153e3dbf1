import type { MigrationSession } from '#hosts/ports';
import type { PageSet } from '#hosts/guest/page-set';
import type { Limits } from './common-limits.ts';
import type { Parameters, ValuesOf } from './parameter.ts';
import { valuesOf } from './parameter.ts';
import type { Definition } from './room.ts';

/** What is known of a migration before it begins. */
export interface Prospect {
  /** Of pages that have content, or of all where zero pages travel in full, and of the disk. */
  firstRoundBytes: number;
  deviceStateBytes: number;
  /** What the link carries at most, or the cap on it. */
  rateMbps: number;
  rttMs: number;
}

/** What ends pre-copy. */
export interface StopRuleDefinition extends Definition {
  /** Its parameters, which a scenario sets in `limits`. */
  readonly parameters: Parameters;
  /** Whether it stops the guest once the rest fits the downtime limit. */
  readonly goesByDowntimeLimit: boolean;
  /** Why it ends at any dirty rate; undefined = it may not. */
  readonly endsByItself?: string;
  /** The published models (harness/prediction) replay its rounds on paper. */
  readonly isModelledOnPaper?: true;
  /** Why its parameters can't be kept, by what is known beforehand; undefined = they can, as far as is known. */
  readonly refuses?: (prospect: Prospect, limits: Limits) => string | undefined;
  /**
   * Runs pre-copy until it is time to pause the guest.
   * @returns the pages left to send.
   * @throws LivemigError NOT_CONVERGED when pre-copy exceeds a limit
   */
  precopy(session: MigrationSession, signal: AbortSignal): Promise<PageSet>;
}

export const defineStopRule = <const P extends Parameters>(definition: {
  name: string;
  help: string;
  parameters: P;
  goesByDowntimeLimit: boolean;
  endsByItself?: string;
  isModelledOnPaper?: true;
  refuses?: (prospect: Prospect, parameters: ValuesOf<P>) => string | undefined;
  precopy(session: MigrationSession, signal: AbortSignal, parameters: ValuesOf<P>): Promise<PageSet>;
}): StopRuleDefinition => {
  const { parameters, refuses, ...others } = definition;
  return {
    ...others,
    parameters,
    ...(refuses === undefined
      ? {}
      : { refuses: (prospect, limits) => refuses(prospect, valuesOf(parameters, limits)) }),
    precopy: (session, signal) => others.precopy(session, signal, valuesOf(parameters, session.limits)),
  };
};

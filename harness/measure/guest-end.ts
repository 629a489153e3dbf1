import type { DestinationReport, SourceReport } from '#proto/control';
import type { ErrorCode } from '#proto/errors';
import type { MigrationStatus } from '#proto/strategy';
import type { GuestEnd } from '../result.ts';

/** What a run has observed of its guest. Where the guest is at the end follows from this alone. */
export interface GuestTrace {
  /** It ran at the source. */
  started: boolean;
  /** The migration was begun. */
  migrating: boolean;
  /** The source's latest reported status. */
  status: MigrationStatus;
  /** The destination reported that the guest runs there. */
  ranAtDestination: boolean;
  source: SourceReport | null;
  destination: DestinationReport | null;
  /** The source would not cancel: the guest may run at the destination. */
  cancelRefused: boolean;
  /** Agents that no longer answer. A dead agent's memory is lost; a silent one's is frozen. */
  sourceAgent: 'answers' | 'gone' | 'silent';
  destinationAgent: 'answers' | 'gone' | 'silent';
}

export const noTrace = (): GuestTrace => ({
  started: false,
  migrating: false,
  status: 'none',
  ranAtDestination: false,
  source: null,
  destination: null,
  cancelRefused: false,
  sourceAgent: 'answers',
  destinationAgent: 'answers',
});

export type Whereabouts = Pick<GuestEnd, 'where' | 'detail'> & {
  /** Its memory can be compared there: all of it is there, and the agent answers. */
  comparable: 'source' | 'destination' | null;
};

const beforeSwitchover: readonly MigrationStatus[] = [
  'none',
  'setup',
  'active',
  'pre-switchover',
  'cancelling',
  'cancelled',
];
const afterSwitchover: readonly MigrationStatus[] = [
  'postcopy-active',
  'postcopy-paused',
  'postcopy-recover',
  'completed',
];

/** Whether the guest may have been started at the destination; null = unknown. */
const hasLeft = ({ source, status, cancelRefused }: GuestTrace): boolean | null => {
  if (source !== null) return !source.guestRunningAtEnd;
  if (cancelRefused || afterSwitchover.includes(status)) return true;
  return beforeSwitchover.includes(status) ? false : null;
};

const ranThere = ({ destination, ranAtDestination }: GuestTrace): boolean =>
  ranAtDestination || (destination?.timeline.firstInstructionAtMs ?? null) !== null;

const isComplete = ({ source, destination, status }: GuestTrace): boolean =>
  status === 'completed' ||
  source?.status === 'completed' ||
  destination?.status === 'completed' ||
  (destination?.timeline.allPagesReceivedAtMs ?? null) !== null;

const at = (
  where: GuestEnd['where'],
  detail: string,
  comparable: Whereabouts['comparable'] = null,
): Whereabouts => ({ where, detail, comparable });

const atSource = ({ sourceAgent }: GuestTrace, because: string): Whereabouts => {
  if (sourceAgent === 'gone') return at('lost', 'its memory was lost with the source agent');
  if (sourceAgent === 'silent')
    return at('source', `it is frozen there with its agent, which is silent; ${because}`);
  return at('source', `it keeps running there: ${because}`, 'source');
};

/** Only the source knows what the guest last wrote. */
const ledgerOf = ({ sourceAgent, destinationAgent }: GuestTrace): Whereabouts['comparable'] =>
  sourceAgent === 'answers' && destinationAgent === 'answers' ? 'destination' : null;

const atDestination = (trace: GuestTrace): Whereabouts => {
  const { source, destination, sourceAgent, destinationAgent } = trace;
  if (destinationAgent === 'gone')
    return at('lost', 'it ran at the destination, and its memory was lost with the destination agent');
  const silent = destinationAgent === 'silent' ? ', where its agent is silent' : '';
  if (isComplete(trace)) return at('destination', `it has all of its memory there${silent}`, ledgerOf(trace));
  if (sourceAgent === 'gone')
    return at(
      'lost',
      'it ran at the destination without all of its memory, and the rest was lost with the source agent',
    );
  if (source?.status === 'failed' || destination?.status === 'failed')
    return at('lost', 'it ran at the destination without all of its memory, and the rest never arrived');
  return at('destination', `it ran there without all of its memory${silent}, and the rest was yet to arrive`);
};

/** Which host has the guest, and how that is known. */
export const whereIs = (trace: GuestTrace): Whereabouts => {
  const { source, destination, sourceAgent, destinationAgent } = trace;
  if (!trace.started) return at('nowhere', 'it had not been started');
  if (!trace.migrating) return atSource(trace, 'the migration had not begun');
  const ran = ranThere(trace);
  if (source?.guestRunningAtEnd === true)
    return ran
      ? at(
          'both',
          'it ran at the destination, and runs at the source',
          sourceAgent === 'answers' ? 'source' : null,
        )
      : atSource(trace, 'it never ran at the destination');
  if (ran || source?.status === 'completed') return atDestination(trace);
  const left = hasLeft(trace);
  if (sourceAgent === 'gone')
    return at('lost', 'it never ran at the destination, and its memory was lost with the source agent');
  if (left === false) return atSource(trace, 'the switchover had not begun');
  if (destinationAgent === 'gone')
    return left === true
      ? at(
          'lost',
          'the destination had been ordered to run it, and its agent is gone; the source must not run it again',
        )
      : at('unknown', 'the destination agent died during the switchover');
  if (destination !== null)
    return at(
      'source',
      'it is paused there: the destination was ordered to run it, and reports that it never did',
    );
  return at(
    'unknown',
    left === true
      ? 'the destination was ordered to run it, and nothing has been reported since'
      : 'it was at the switchover, and nothing has been reported since',
  );
};

/** What to do, by where the guest is … */
const byWhere: Readonly<Record<GuestEnd['where'], string>> = {
  nowhere: '',
  source: '',
  destination: '',
  lost: 'neither host has the guest: start it again from its storage',
  both: 'a guest that runs twice is a bug in livemig: stop one of them, and report it with the events file',
  unknown: 'check both hosts before starting it anywhere',
};

/** … and by what ended the run. The error's message may say more. */
const byCode: Readonly<Record<ErrorCode, string>> = {
  BAD_INPUT: 'correct the input',
  UNSUPPORTED: '`livemig doctor` says what this machine lacks',
  TESTBED_FAILED: '`livemig doctor` says what this machine lacks; then try again',
  LINK_NOT_APPLIED: '`livemig doctor` says which link backends work here',
  LINK_OUT_OF_TOLERANCE: 'try again on a quieter machine, or over a slower link',
  AGENT_UNREACHABLE: 'find out what killed or stopped the agent (memory, a signal), and try again',
  PROTOCOL_VIOLATION: 'try again; if it happens again, report it with the events file',
  VERSION_MISMATCH: 'use the same version of livemig for harness and agents',
  CERTIFICATE_REFUSED: "check the hosts' clocks, and try again: every migration gets new certificates",
  LEASE_LOST: 'find out what made the host go on after it had handed the guest over, or report it',
  CONNECTION_LOST: 'check that the link is up (`livemig calibrate`), and try again',
  CONNECTION_REFUSED: 'check that the server is running, and try again',
  STORAGE_FAILED: 'choose another path with --out',
  DISK_FULL: 'free some space, or choose another path with --out',
  ILLEGAL_PHASE: 'fix the strategy, which requested an illegal phase, or report it',
  NOT_CONVERGED: 'follow the suggestions in the error, and try again',
  CANCELLED: 'nothing, this was requested',
  INTEGRITY_VIOLATED: 'do not trust this guest; report it with the events file',
  CROSS_CHECK_FAILED: 'try again on a quieter machine: the figures are unreliable, the guest is fine',
  TIMEOUT: 'find out what hangs: the link (`livemig calibrate`), a host, or another peer',
  INTERNAL: 'report it with the events file',
};

export const adviceOf = (where: GuestEnd['where'], code: ErrorCode | null): string | null =>
  code === null ? null : [byWhere[where], byCode[code]].filter((part) => part !== '').join('; ');

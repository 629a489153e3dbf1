import type { DestinationReport, SourceReport } from '../../proto/control.ts';
import type { ErrorCode } from '../../proto/errors.ts';
import type { MigrationStatus } from '../../proto/strategy.ts';
import type { GuestEnd } from '../result.ts';

/** What a run has seen of its guest: from this alone follows where the guest is when the run ends. */
export interface GuestTrace {
  /** It ran at the source. */
  started: boolean;
  /** The migration was begun. */
  migrating: boolean;
  /** The source's newest word. */
  status: MigrationStatus;
  /** The destination was heard to run it. */
  ranAtDestination: boolean;
  source: SourceReport | null;
  destination: DestinationReport | null;
  /** The source would not cancel: the guest may run at the destination. */
  cancelRefused: boolean;
  /** Agents that don't answer any more. A gone one's memory is gone with it; a silent one's stands still. */
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

/** Whether the guest may have been started at the destination; null = nobody knows. */
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
  if (sourceAgent === 'gone') return at('lost', 'its memory went with the source agent');
  if (sourceAgent === 'silent')
    return at('source', `it stands still there with its agent, which is silent; ${because}`);
  return at('source', `it runs on there: ${because}`, 'source');
};

/** What the guest last wrote only the source knows. */
const ledgerOf = ({ sourceAgent, destinationAgent }: GuestTrace): Whereabouts['comparable'] =>
  sourceAgent === 'answers' && destinationAgent === 'answers' ? 'destination' : null;

const atDestination = (trace: GuestTrace): Whereabouts => {
  const { source, destination, sourceAgent, destinationAgent } = trace;
  if (destinationAgent === 'gone')
    return at('lost', 'it ran at the destination, whose agent is gone, and its memory with it');
  const silent = destinationAgent === 'silent' ? ', where its agent is silent' : '';
  if (isComplete(trace)) return at('destination', `it has all of its memory there${silent}`, ledgerOf(trace));
  if (sourceAgent === 'gone')
    return at(
      'lost',
      'it ran at the destination without all of its memory, and the rest went with the source agent',
    );
  if (source?.status === 'failed' || destination?.status === 'failed')
    return at('lost', 'it ran at the destination without all of its memory, and the rest never came');
  return at('destination', `it ran there without all of its memory${silent}, and the rest was still to come`);
};

/** Which of the hosts has the guest, and how that is known. */
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
    return at('lost', 'it never ran at the destination, and its memory went with the source agent');
  if (left === false) return atSource(trace, 'the switchover had not begun');
  if (destinationAgent === 'gone')
    return left === true
      ? at(
          'lost',
          'the order to run it had gone out to the destination, whose agent is gone; the source must not run it again',
        )
      : at('unknown', 'it was at the switchover when the destination agent went');
  if (destination !== null)
    return at(
      'source',
      'it is stopped there: the order to run it had gone out, and the destination says that it never did',
    );
  return at(
    'unknown',
    left === true
      ? 'the order to run it had gone out to the destination, and nobody has said since whether it does'
      : 'it was at the switchover, and nobody has said since whether the destination runs it',
  );
};

/** What to do, by where the guest is … */
const byWhere: Readonly<Record<GuestEnd['where'], string>> = {
  nowhere: '',
  source: '',
  destination: '',
  lost: 'neither host has the guest: start it anew from its own storage',
  both: 'a guest that runs twice is a fault of livemig: stop one of them, and report it with the events file',
  unknown: 'ask both hosts before it is started anywhere',
};

/** … and by what ended the run. An error's own message says more where there is more to say. */
const byCode: Readonly<Record<ErrorCode, string>> = {
  BAD_INPUT: 'mend the input',
  UNSUPPORTED: '`livemig doctor` says what this machine lacks',
  TESTBED_FAILED: '`livemig doctor` says what this machine lacks; then run it again',
  LINK_NOT_APPLIED: '`livemig doctor` says which link backends work here',
  LINK_OUT_OF_TOLERANCE: 'run it again on a quieter machine, or over a slower link',
  AGENT_UNREACHABLE: 'find out what ended or stopped the agent (memory, a signal), and run it again',
  PROTOCOL_VIOLATION: 'run it again; if it ends so again, report it with the events file',
  CERTIFICATE_REFUSED:
    "look at the hosts' clocks, and run it again: certificates are made anew for every migration",
  STORAGE_FAILED: 'make room, or name another place by --out',
  ILLEGAL_PHASE: 'the strategy asked for what is not allowed there: mend it, or report it',
  NOT_CONVERGED: 'follow the remedies that the error names, and run it again',
  CANCELLED: 'nothing: it was asked for',
  INTEGRITY_VIOLATED: 'do not trust this guest; report it with the events file',
  CROSS_CHECK_FAILED: 'run it again on a quieter machine: the numbers can not be trusted, the guest can',
  TIMEOUT: 'look for what stands still: the link (`livemig calibrate`), a host, or whoever was waited for',
  INTERNAL: 'report it with the events file',
};

export const adviceOf = (where: GuestEnd['where'], code: ErrorCode | null): string | null =>
  code === null ? null : [byWhere[where], byCode[code]].filter((part) => part !== '').join('; ');

import type { DestinationReport, SourceReport } from '#proto/control';
import { codeOf, LivemigError } from '#proto/errors';
import type { MigrationStatus } from '#proto/strategy';
import { finalStatuses } from '#proto/strategy';
import type { Clock } from '../clock.ts';
import type { Patience } from '../patience.ts';
import { boundText, orLate } from '../within.ts';

/** What one side of a migration came to: its report, or why there is none. */
export interface Side<Report> {
  report: Report | null;
  error: unknown;
}

export interface BothSides {
  source: Side<SourceReport>;
  destination: Side<DestinationReport>;
  /**
   * What the source made of being told to cancel, as the other side had failed. Refused: the guest may run at the
   * destination already, and there is nothing to go back to. Of one that had ended by itself its report tells.
   */
  cancelled: 'not-told' | 'obeyed' | 'refused';
  /** Router or observer, where one of them ended it. */
  bystander: unknown;
}

export interface SidesOptions {
  outgoing: Promise<SourceReport>;
  incoming: Promise<DestinationReport>;
  /** Tells the source to cancel. */
  cancel: () => Promise<unknown>;
  /** The source's status. It refuses to cancel what has ended, too, and then is about to report. */
  query: () => Promise<{ status: MigrationStatus }>;
  /** Rejects when an agent is lost that the migration can't do without, though it takes no part in it. */
  bystanders: Promise<never>;
  patience: Pick<Patience, 'noticeMs' | 'settleMs'>;
  clock: Clock;
}

interface Watched<Report> {
  side: Side<Report> | null;
  ended: Promise<void>;
}

const watch = <Report>(name: string, work: Promise<Report>): Watched<Report> => {
  const watched: Watched<Report> = { side: null, ended: Promise.resolve() };
  watched.ended = work.then(
    (report) => {
      watched.side = { report, error: null };
    },
    (error: unknown) => {
      const isHung = codeOf(error) === 'TIMEOUT';
      watched.side = {
        report: null,
        error: isHung
          ? new LivemigError('TIMEOUT', `expected the migration to end at the ${name}, it did not`, {
              cause: error,
            })
          : error,
      };
    },
  );
  return watched;
};

const hasEnded = (query: SidesOptions['query']): Promise<boolean> =>
  query().then(
    ({ status }) => finalStatuses.includes(status),
    () => false,
  );

const late = (name: string, boundMs: number): Side<never> => ({
  report: null,
  error: new LivemigError(
    'TIMEOUT',
    `the ${name} did not end the migration within ${boundText(boundMs)} after it had ended elsewhere`,
  ),
});

/**
 * Waits for both sides of a migration. Once one of them has ended, well or not, the other has only so much longer: it is
 * left to notice by itself, then the source is told to cancel where it isn't the one that has ended, then it is given up.
 * Never rejects.
 */
export const bothSides = async (options: SidesOptions): Promise<BothSides> => {
  const { cancel, query, patience, clock } = options;
  const { noticeMs, settleMs } = patience;
  const source = watch('source', options.outgoing);
  const destination = watch('destination', options.incoming);
  let bystander: unknown = null;
  const disturbed = options.bystanders.catch((error: unknown) => {
    bystander = error;
  });
  const both = Promise.all([source.ended, destination.ended]);
  await Promise.race([source.ended, destination.ended, disturbed]);
  let cancelled: BothSides['cancelled'] = 'not-told';
  const tellSource = async (): Promise<void> => {
    if (source.side !== null || destination.side?.report?.status === 'completed') return;
    cancelled = await cancel().then(
      () => 'obeyed' as const,
      async (error: unknown) =>
        codeOf(error) !== 'ILLEGAL_PHASE' || (await hasEnded(query)) ? 'not-told' : 'refused',
    );
  };
  if (bystander !== null) await tellSource();
  if ((await orLate(both, noticeMs, clock)) === 'late') {
    if (bystander === null) await tellSource();
    // Where it must not go back and its destination is gone, it waits for what never comes.
    const isHopeless = (cancelled as BothSides['cancelled']) === 'refused' && destination.side !== null;
    if (!isHopeless) await orLate(both, settleMs, clock);
  }
  const boundMs = noticeMs + settleMs;
  return {
    source: source.side ?? late('source', boundMs),
    destination: destination.side ?? late('destination', boundMs),
    cancelled,
    bystander,
  };
};

/** What ended a migration; null = it completed. An agent that is gone explains whatever the other side says of it. */
export const migrationErrorOf = ({ source, destination, cancelled, bystander }: BothSides): unknown => {
  if (bystander !== null) return bystander;
  const unreachable = [source.error, destination.error].filter(
    (error) => codeOf(error) === 'AGENT_UNREACHABLE',
  );
  if (unreachable.length > 0) return unreachable[0];
  const [atSource, atDestination] = [source.report, destination.report];
  if (atSource?.status === 'completed' && atDestination?.status === 'completed') return null;
  // The source runs the strategy and knows best, unless it only did as it was told.
  // Of a certificate that it refuses, only the destination knows; the source sees nobody come.
  const isRefusal = atDestination?.error?.code === 'CERTIFICATE_REFUSED';
  const told = cancelled === 'obeyed' || isRefusal ? null : (atSource?.error ?? null);
  const document = told ?? atDestination?.error ?? null;
  if (document !== null) {
    const { code, message, problems = [] } = document;
    // One that went away says why, if anyone does.
    const other = told === null ? null : (atDestination?.error ?? null);
    const isSeenFromAfar = ['TIMEOUT', 'PROTOCOL_VIOLATION', 'CONNECTION_LOST'].includes(code);
    // What one side aborts with, the other ends with as well, under the same code.
    const isNews = other !== null && other.code !== code;
    const also = isSeenFromAfar && isNews ? `; the destination says: ${other.message}` : '';
    return new LivemigError(code, `${message}${also}`, { problems });
  }
  return (
    source.error ??
    destination.error ??
    new LivemigError(
      'PROTOCOL_VIOLATION',
      `the migration ended as ${atSource?.status ?? '?'} at the source and ${atDestination?.status ?? '?'} at the destination, without an error`,
    )
  );
};

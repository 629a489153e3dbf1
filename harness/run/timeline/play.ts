import { codeOf, LivemigError, messageOf } from '#proto/errors';
import type { HostRole } from '#proto/control';
import { bothChanges, changeText } from '../../link-change.ts';
import type { LinkChange } from '../../link-change.ts';
import { parametersText } from '../../report/parameters.ts';
import type { PlayedEntry } from '../../result/timeline.ts';
import { readMoment } from '../../timeline/moment.ts';
import type { KillableHost, TimelineEntry } from '../../timeline/types.ts';
import { untilAborted } from '../../within.ts';
import type { Run } from '../context.ts';
import { tellSource } from '../orders.ts';
import type { LinkInUse } from './link-in-use.ts';
import type { Occasions } from './occasions.ts';

/** What an entry came to, its moments by the run's clock. */
export interface Played extends Omit<PlayedEntry, 'askedMs' | 'atMs'> {
  askedAtMs: number | null;
  /** Where it was asked for by a time after the start: that time, in ms. */
  sinceStartMs: number | null;
  /** When it was first tried. */
  triedAtMs: number | null;
  atMs: number | null;
  /** What went wrong, where it is none of the migration's own affairs. */
  error: unknown;
}

export interface Stage {
  run: Run;
  migrationId: string;
  occasions: Occasions;
  link: LinkInUse;
  /** Fires when nothing is to be begun any more. */
  over: AbortSignal;
}

const roleOf = { source: 'source', destination: 'destination', router: 'wan', observer: 'observer' } as const satisfies Record<KillableHost, HostRole>; // prettier-ignore
const cutMarginMs = 30_000;

/** What was asked for, in words. */
const askedFor = (entry: TimelineEntry): string => {
  switch (entry.do) {
    case 'link':
      return 'trace' in entry ? `trace ${entry.trace}` : changeText(entry.change);
    case 'cut':
      return `for ${entry.forMs} ms`;
    case 'kill':
      return `${entry.host}, ${entry.signal}${entry.forMs === undefined ? '' : ` for ${entry.forMs} ms`}`;
    case 'set':
      return parametersText(entry.limits);
    case 'start-postcopy':
    case 'force-switchover':
    case 'cancel':
    case 'continue':
      return '';
  }
};

/** Not its fault: its time came too late, or what it was told about was no more. */
const refusals: readonly string[] = ['ILLEGAL_PHASE', 'BAD_INPUT'];
/** Others see that, and say so. */
const toldByOthers: readonly string[] = ['AGENT_UNREACHABLE', 'CANCELLED'];

type End = Partial<Pick<Played, 'outcome' | 'detail' | 'trace' | 'error'>>;

const refused = (error: unknown): End =>
  refusals.includes(codeOf(error))
    ? { outcome: 'refused', detail: messageOf(error) }
    : {
        outcome: 'failed',
        detail: messageOf(error),
        error: toldByOthers.includes(codeOf(error)) ? null : error,
      };

/** Plays the entries of a timeline. */
export const player = (stage: Stage) => {
  const { run, migrationId, occasions, link, over } = stage;
  const { clock, clients, testbed, topology } = run;
  /** Ends the trace that plays, as another change takes its place. */
  let replaced = new AbortController();
  const takePlace = (): AbortSignal => {
    replaced.abort();
    replaced = new AbortController();
    return AbortSignal.any([replaced.signal, over]);
  };

  const playTrace = async (file: string, fromMs: number): Promise<End> => {
    const trace = run.record.traces.get(file);
    if (trace === undefined)
      throw new LivemigError('INTERNAL', `expected the trace ${file} to have been read`);
    const ended = takePlace();
    const { steps, sha256 } = trace;
    let applied = 0;
    let detail: string | null = null;
    for (let next = 0; next < steps.length;) {
      const dueAtMs = fromMs + steps[next]!.atMs;
      const isDue = await clock.sleep(Math.max(0, dueAtMs - clock.nowMs()), ended).then(
        () => true,
        () => false,
      );
      if (!isDue) {
        const why = over.aborted ? 'the migration ended' : 'another change took its place';
        detail = `step ${next + 1} of ${steps.length} was not reached: ${why}`;
        break;
      }
      let change: LinkChange = {};
      // Where the router can't follow, those that are due as well are made at once.
      do change = bothChanges(change, steps[next++]!.change);
      while (next < steps.length && fromMs + steps[next]!.atMs <= clock.nowMs());
      await link.change(change);
      applied = next;
    }
    return { detail, trace: { sha256, steps: steps.length, applied } };
  };

  const stopFor = async (role: HostRole, forMs: number): Promise<void> => {
    if (testbed.signal === undefined) throw new LivemigError('UNSUPPORTED', `driver ${testbed.driver} can't stop its hosts`); // prettier-ignore
    await testbed.signal(role, 'STOP');
    try {
      await clock.sleep(forMs, over).catch(() => undefined);
    } finally {
      await testbed.signal(role, 'CONT');
    }
  };

  const act = async (entry: TimelineEntry, atMs: number): Promise<End> => {
    switch (entry.do) {
      case 'link':
        if ('trace' in entry) return playTrace(entry.trace, atMs);
        takePlace();
        await link.change(entry.change);
        return {};
      case 'cut': {
        const between = [topology.source.address, topology.destination.address] as const;
        const { forMs: durationMs } = entry;
        await clients.wan.call('cutLink', { between, durationMs }, { timeoutMs: durationMs + cutMarginMs });
        return {};
      }
      case 'kill': {
        const role = roleOf[entry.host];
        if (entry.signal === 'STOP') await stopFor(role, entry.forMs ?? 0);
        else if (testbed.signal === undefined)
          throw new LivemigError('UNSUPPORTED', `driver ${testbed.driver} can't kill its hosts`);
        else await testbed.signal(role, 'KILL');
        return {};
      }
      case 'set':
      case 'start-postcopy':
      case 'force-switchover':
      case 'cancel':
      case 'continue': {
        const told = await tellSource(
          run,
          migrationId,
          entry.do === 'set' ? (about) => clients.source.call('migrateSetParameters', entry.limits, about) : entry.do,
          over,
        ); // prettier-ignore
        if (!told.obeyed) throw told.error;
        if (entry.do === 'cancel') run.record.isCancelledByTimeline = true;
        return told.tries === 1 ? {} : { detail: 'it came too early, and was told again until it could be done' }; // prettier-ignore
      }
    }
  };

  /** Never rejects. */
  return async (entry: TimelineEntry, index: number): Promise<Played> => {
    const played: Played = {
      ...{ entry: index, at: entry.at, do: entry.do, with: askedFor(entry) },
      ...{ askedAtMs: null, sinceStartMs: null, triedAtMs: null, atMs: null, tookMs: null },
      ...{ outcome: 'never', detail: null, error: null },
    };
    const tell = (text: string): void => {
      run.events?.next({ type: 'timeline', atMs: clock.nowMs(), entry: index, text });
    };
    const words = [entry.do, played.with].filter((text) => text !== '').join(': ');
    const moment = readMoment(entry.at);
    if ('problem' in moment) throw new LivemigError('INTERNAL', `timeline: ${entry.at}: ${moment.problem}`);
    const { occasion, plusMs } = moment.value;
    try {
      const fromMs = await untilAborted(occasions.comes(occasion), over);
      played.askedAtMs = fromMs + plusMs;
      await clock.sleep(Math.max(0, played.askedAtMs - clock.nowMs()), over);
    } catch {
      played.askedAtMs = null;
      return { ...played, detail: occasions.told };
    }
    if (occasion.kind === 'start') played.sinceStartMs = plusMs;
    const beganAtMs = clock.nowMs();
    tell(`${entry.at}: ${words}`);
    const end = await act(entry, beganAtMs).catch(refused);
    if (end.outcome !== undefined) tell(`${entry.at}: ${entry.do} was ${end.outcome === 'refused' ? 'refused' : 'tried in vain'}: ${end.detail ?? ''}`); // prettier-ignore
    return {
      ...played,
      triedAtMs: beganAtMs,
      atMs: beganAtMs,
      tookMs: clock.nowMs() - beganAtMs,
      outcome: 'done',
      ...end,
    };
  };
};

import { Subscription } from 'rxjs';
import { LivemigError } from '#proto/errors';
import type { TimelineEvidence } from '../../measure/measure.ts';
import type { PlayedEntry } from '../../result/timeline.ts';
import type { RunActor } from '../actor.ts';
import type { Run } from '../context.ts';
import { linkInUse } from '../timeline/link-in-use.ts';
import type { LinkInUse } from '../timeline/link-in-use.ts';
import { occasionsOf } from '../timeline/occasions.ts';
import { player } from '../timeline/play.ts';
import type { Played } from '../timeline/play.ts';

interface Playing {
  link: LinkInUse;
  over: AbortController;
  entries: Promise<Played[]>;
}

/** Applying a link, ending a cut, and letting a host go on. */
const restoreMs = 30_000;

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;

/** Its moments counted from when the migration began. */
const shownOf = (played: Played, startedAtMs: number): PlayedEntry => {
  const { entry, at, do: action, with: what, outcome, detail, trace } = played;
  const { sinceStartMs, askedAtMs, atMs, tookMs } = played;
  return {
    ...{ entry, at, do: action, with: what },
    askedMs: sinceStartMs ?? (askedAtMs === null ? null : rounded(askedAtMs - startedAtMs)),
    atMs: atMs === null ? null : rounded(atMs - startedAtMs),
    tookMs: tookMs === null ? null : rounded(tookMs),
    ...{ outcome, detail },
    ...(trace === undefined ? {} : { trace }),
  };
};

/** What the scenario's timeline does to link, hosts and migration; afterwards the link is as it was calibrated. */
export const timeline = () => {
  let playing: Playing | null = null;
  let isCut = false;
  let cuts = new Subscription();
  let seen: TimelineEvidence | null = null;

  const begin = (run: Run): Playing => {
    const { clients, orderedAtMs, scenario, migrations: [migration] } = run; // prettier-ignore
    if (migration === undefined) throw new LivemigError('INTERNAL', 'expected a migration');
    const over = new AbortController();
    const occasions = occasionsOf(clients.source.events, orderedAtMs.found);
    void occasions.ended.then(() => {
      over.abort();
    });
    const link = linkInUse(run, migration.id);
    const play = player({ run, migrationId: migration.id, occasions, link, over: over.signal });
    const entries = Promise.all((scenario.timeline ?? []).map(play)).finally(() => {
      occasions[Symbol.dispose]();
    });
    // Whoever stops it hears of it.
    entries.catch(() => undefined);
    return { link, over, entries };
  };

  const note = (run: Run, played: readonly Played[], history: LinkInUse['history']): void => {
    const { record, orderedAtMs } = run;
    const startedAtMs =
      record.guest.source?.timeline.startedAtMs ?? (orderedAtMs.isFound ? orderedAtMs.value : 0);
    record.timeline = played.map((each) => shownOf(each, startedAtMs));
    const lateMs = played.flatMap(({ askedAtMs, triedAtMs }) =>
      askedAtMs === null || triedAtMs === null ? [] : [triedAtMs - askedAtMs],
    );
    seen = { lateMs: lateMs.length === 0 ? null : Math.max(...lateMs), links: history };
  };

  return {
    from: 'migrate',
    until: 'collect',
    takesMs: () => restoreMs,
    start: async (run) => {
      // Also by another terminal: a cut that outlasts its run would be the next one's.
      cuts = run.clients.wan.events.subscribe((event) => {
        if (event.type === 'cut' || event.type === 'cut-ended') isCut = event.type === 'cut';
      });
      if (run.scenario.timeline !== undefined) playing = begin(run);
    },
    stop: async (run, how) => {
      const { wan } = run.clients;
      playing?.over.abort();
      cuts.unsubscribe();
      try {
        if (isCut || playing !== null) await wan.call('restoreLink', {});
        await playing?.link.restore();
      } finally {
        if (playing !== null) note(run, await playing.entries, playing.link.history);
      }
      const failed = (await playing?.entries)?.find(({ error }) => error !== null);
      if (failed !== undefined && how === 'done') throw failed.error;
    },
    collect: async (): Promise<TimelineEvidence | null> => seen,
  } satisfies RunActor<TimelineEvidence | null>;
};

import type { TransferStrategy } from '#hosts/ports';
import type { SimulatedMigration, SimulationWatch } from '#harness/simulation/simulate';
import type { MigrationStatus } from '#proto/strategy';
import type { CallLog } from './calls.ts';
import type { Call, UnknownName } from './ear.ts';
import { newCallLog } from './calls.ts';
import type { PageLog } from './page-log.ts';
import { pageLogger } from './page-log.ts';
import type { Trial, TrialOptions } from './trial.ts';
import { tried } from './trial.ts';

/** What goes wrong during a migration, and when. */
export type Disturbance =
  | { kind: 'failing-call'; nth: number }
  | { kind: 'abort'; nth: number }
  /** All connections, once a migration has come to a status; while it recovers, they are lost a second time. */
  | { kind: 'lost-connections'; at: MigrationStatus; afterMs: number };

/** One migration, and what may come of it. Plain data: it can be made again, and smaller. */
export interface Attempt {
  trial: Trial;
  disturbance?: Disturbance;
  /** NOT_CONVERGED is an answer, too. */
  mayGiveUp?: true;
  /** Every call has to be awaited, and nothing asked for that there isn't. */
  isStrict?: true;
}

/** All that explains what came of an attempt. */
export interface Detail {
  calls: readonly Call[];
  unknown: readonly UnknownName[];
  /** What calls threw that aren't awaited. */
  refusals: readonly unknown[];
  /** Whether it said what is missing before it resumed the guest. */
  isServed: boolean;
  pages: PageLog;
}

export interface Observed {
  attempt: Attempt;
  log: CallLog;
  /** Null = it had no end. */
  migration: SimulatedMigration | null;
  /** What ended the simulation instead. */
  failure: { error: unknown } | null;
  /** In virtual time; and whether that was all that there was. */
  startedAtMs: number;
  endedAtMs: number;
  isTimeUp: boolean;
  /** Whether the order to resume the guest at the destination was out. */
  isOrdered: boolean;
  /** What failed where nobody waited: in a timer, or a promise that nobody awaits. */
  strays: readonly unknown[];
  /** What a call was made to fail with. */
  injected: Error | null;
  /** Null = nobody listened. */
  detail: Detail | null;
}

export interface AttemptOptions {
  isDetailed?: boolean;
  /** Where those who catch what nobody awaits put it. */
  strays?: unknown[];
}

/** A recovery that is given up takes a minute and a half; nothing else takes more than seconds. */
const recoveryMaxMs = 200_000;
const undisturbedMaxMs = 60_000;
/** Enough for the first calls of an endless strategy, and for its last ones. */
const callsKept = 4000;
const errorsKept = 100;

type Ears = Pick<TrialOptions, 'ear' | 'lensAt'> & {
  heard: (event: { type: string; status?: MigrationStatus }, nowMs: () => number) => void;
};

const listening = (): { detail: Detail; ears: Ears } => {
  const calls: Call[] = [];
  const unknown: UnknownName[] = [];
  const refusals: unknown[] = [];
  const { log, lensAt, begin, all, moment } = pageLogger();
  const detail: Detail = { calls, unknown, refusals, isServed: false, pages: log };
  let isOrdered = false;
  return {
    detail,
    ears: {
      lensAt,
      ear: {
        called: (call) => {
          if (calls.length === callsKept) calls.splice(callsKept / 2, callsKept / 4);
          calls.push(call);
        },
        unknown: (name) => {
          if (unknown.length < errorsKept) unknown.push(name);
        },
        refused: (error) => {
          if (refusals.length < errorsKept) refusals.push(error);
        },
        synced: (pages) => {
          all('found', pages);
        },
        discarded: (pages) => {
          all('discarded', pages);
        },
        served: () => {
          detail.isServed ||= !isOrdered;
        },
        ordered: (mode) => {
          isOrdered = true;
          moment('ordered', mode);
        },
        roundEnded: () => {
          moment('round');
        },
      },
      heard: ({ type, status }, nowMs) => {
        if (type !== 'status') return;
        if (status === 'active') begin(nowMs);
        else if (status === 'device') moment('paused');
      },
    },
  };
};

/** What happens to the connections of a migration. */
const losing = ({ at, afterMs }: Disturbance & { kind: 'lost-connections' }): SimulationWatch => {
  const first: MigrationStatus = 'device';
  // Lost as often as it takes to hit it while it recovers.
  let lossesLeft = at === 'postcopy-recover' ? 2 : 1;
  return (event, { clock, wire }) => {
    if (event.type !== 'status' || lossesLeft === 0) return;
    const isFirst = lossesLeft === 2 && event.status === first;
    if (event.status !== at && !isFirst) return;
    lossesLeft--;
    clock.timer(isFirst ? 3 : afterMs, () => {
      wire.drop();
    });
  };
};

/** Makes an attempt, and says all that came of it. Never throws. */
export const observed = async (
  strategy: TransferStrategy,
  attempt: Attempt,
  { isDetailed = false, strays = [] }: AttemptOptions = {},
): Promise<Observed> => {
  const { trial, disturbance } = attempt;
  const log = newCallLog(true);
  const straysBefore = strays.length;
  const listener = isDetailed || attempt.isStrict === true ? listening() : null;
  const { heard, ...ears } = listener?.ears ?? { heard: () => undefined };
  const stop = new AbortController();
  const lose = disturbance?.kind === 'lost-connections' ? losing(disturbance) : null;
  const virtualMaxMs = lose === null ? undisturbedMaxMs : recoveryMaxMs;
  let nowMs = (): number => 0;
  let startedAtMs = 0;
  let isOrdered = false;
  let injected: Error | null = null;
  let migration: SimulatedMigration | null = null;
  let failure: Observed['failure'] = null;
  try {
    migration = await tried(strategy, trial, {
      ...ears,
      log,
      stopSignal: stop.signal,
      virtualMaxMs,
      atCall: (nth) => {
        if (disturbance?.kind === 'abort' && nth === disturbance.nth) stop.abort();
        if (disturbance?.kind !== 'failing-call' || nth !== disturbance.nth) return;
        injected = new Error(`call ${nth} fails`);
        throw injected;
      },
      watch: (event, hands) => {
        nowMs = () => hands.clock.nowMs();
        if (event.type === 'status' && event.status === 'active') startedAtMs = nowMs();
        isOrdered ||= hands.outgoing.control.mayRunAtDestination;
        heard(event, nowMs);
        lose?.(event, hands);
      },
    });
  } catch (error) {
    failure = { error };
  }
  const endedAtMs = nowMs();
  return {
    startedAtMs,
    endedAtMs,
    // The clock stands at the last event before.
    isTimeUp: endedAtMs - startedAtMs > 0.9 * virtualMaxMs,
    ...{ attempt, log, migration, failure, isOrdered, injected, detail: listener?.detail ?? null },
    strays: strays.slice(straysBefore),
  };
};

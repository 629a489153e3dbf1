import type { Workload, WorkloadContext } from '#catalogue/workload';
import { defaultLimits } from '#catalogue/limits';
import type { Limits } from '#catalogue/limits';
import { strategyNamed } from '#catalogue/strategies';
import type { Capabilities } from '#proto/capabilities';
import { LivemigError } from '#proto/errors';
import { simulate } from '../simulation/simulate.ts';
import { payloadShare } from '../testbed/tolerance.ts';
import type { DirtyHistory } from './history.ts';
import { eachPage, intervalAt, lengthMsOf, pagesOf } from './history.ts';
import type { Figures, Predicted } from './loop.ts';

/** More than any vCPU does: an interval of some µs, as the last one may be, would have a rate beyond all bounds. */
const stepsPerSecondMax = 5_000_000;

/** Registers: the interval, counted from the first that is replayed, and the pages written in it. */
const [current, written] = [0, 1];

/**
 * A history as a workload of one vCPU: the pages of an interval in ascending order from where the last one left off, at the
 * rate at which they were dirtied; at its end it begins again.
 * @param startMs where in the history it begins.
 */
export const replayOf = ({ intervals }: Pick<DirtyHistory, 'intervals'>, startMs: number) => {
  const timed = intervals.filter(({ durationMs }) => durationMs > 0);
  const { index: start } = intervalAt(timed, startMs);
  const pages = timed.map((interval) => {
    const listed = new Int32Array(pagesOf(interval));
    let at = 0;
    eachPage(interval, (page) => (listed[at++] = page));
    return listed;
  });
  const nothing = new Int32Array(0);
  return ({ registers }: WorkloadContext): Workload => {
    const index = (): number => (start + (registers[current] ?? 0)) % timed.length;
    return {
      get stepsPerSecond() {
        const at = index();
        const perSecond = (Math.max(1, pages[at]?.length ?? 0) * 1000) / (timed[at]?.durationMs ?? 1);
        return Math.min(stepsPerSecondMax, perSecond);
      },
      step: (memory) => {
        const listed = pages[index()] ?? nothing;
        const nth = registers[written] ?? 0;
        const page = listed[nth];
        // An interval without pages is a step that writes none.
        if (page !== undefined) memory.write(page);
        if (nth + 1 < listed.length) registers[written] = nth + 1;
        else {
          registers[written] = 0;
          registers[current] = ((registers[current] ?? 0) + 1) % timed.length;
        }
      },
    };
  };
};

/** How the migration is to be made. */
export interface ReplayPlan {
  strategy: string;
  limits: Partial<Limits>;
  capabilities: Capabilities;
}

const warmupMs = 200;
const virtualMaxMs = 24 * 3_600_000;

/**
 * Model `sim`: the migration itself, of a guest that replays the history, over a modelled link. It predicts every strategy
 * and stop rule.
 * @param startMs where in the history the migration begins.
 * @throws LivemigError what ended the migration, as NOT_CONVERGED
 */
export const predictByReplay = async (
  history: DirtyHistory,
  plan: ReplayPlan,
  figures: Figures,
  startMs: number,
): Promise<Predicted> => {
  const { header } = history;
  const lengthMs = lengthMsOf(history);
  const strategy = strategyNamed(plan.strategy);
  const { source, destination, events, durationMs, downtimeMs } = await simulate({
    guest: {
      ramBytes: header.pageCount * header.pageSizeBytes,
      vcpus: 1,
      baseFootprintBytes: header.nonZeroPages * header.pageSizeBytes,
      deviceStateBytes: header.deviceStateBytes,
      prealloc: false,
      seed: header.seed,
      workload: { name: 'idle', regionBytes: 0, dirtyRatePagesPerSecond: 0, content: 'random' },
    },
    workloadOf: replayOf(history, (startMs + lengthMs - (warmupMs % lengthMs)) % lengthMs),
    link: {
      // The model's rate is that of the wire, as the emulator's.
      rateMbps: (figures.bytesPerMs * 8) / payloadShare / 1000,
      rttMs: figures.rttMs,
    },
    strategy,
    limits: { ...defaultLimits, ...plan.limits },
    capabilities: plan.capabilities,
    warmupMs,
    virtualMaxMs,
  });
  const error = source.error ?? destination.error;
  if (error !== null) throw new LivemigError(error.code, `predicted: ${error.message}`, error.problems === undefined ? {} : { problems: error.problems }); // prettier-ignore
  const rounds = events.filter((event) => event.type === 'round');
  const finalBytes = rounds.reduce(
    (sum, { phase, bytesSent }) => sum + (phase === 'downtime' ? bytesSent : 0),
    0,
  );
  const endedAtMs = Math.max(source.timeline.endedAtMs, destination.timeline.endedAtMs);
  const startedAtMs = endedAtMs - durationMs;
  // What isn't pages takes as long as it was found to take.
  const simulatedPreMs = (source.timeline.activeAtMs ?? startedAtMs) - startedAtMs;
  const predictedDowntimeMs = finalBytes / figures.bytesPerMs + figures.postMs;
  return {
    totalTimeMs: durationMs - simulatedPreMs + figures.preMs + predictedDowntimeMs - downtimeMs,
    downtimeMs: predictedDowntimeMs,
    rounds: rounds.filter(({ phase }) => phase === 'precopy').length,
    sentPages: source.ram.normal,
  };
};

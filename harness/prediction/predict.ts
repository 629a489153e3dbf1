import type { Capabilities } from '#proto/capabilities';
import type { Limits } from '#catalogue/limits';
import { percentile, sorted } from '../measure/statistics.ts';
import { avgModel } from './avg.ts';
import { histModel, meanRateOf } from './hist.ts';
import type { DirtyHistory } from './history.ts';
import { lengthMsOf } from './history.ts';
import type { Figures, Predicted } from './loop.ts';
import { predictPreCopy } from './loop.ts';
import type { ModelName } from './models.ts';
import { predictByReplay } from './replay.ts';

/** Moments of a history that are tried where none is given. */
const startCount = 24;

/** What is to be predicted. */
export interface PredictionPlan {
  model: ModelName;
  strategy: string;
  limits: Limits;
  capabilities: Capabilities;
  figures: Figures;
  /** When the migration begins, in ms since the guest's start; null = at moments all over the history. */
  startsAtMs: readonly number[] | null;
}

/** A migration that begins so long after the guest's start. */
export interface PredictedStart extends Predicted {
  startAtMs: number;
}

/** Median and 90th percentile. */
export interface Spread {
  median: number;
  p90: number;
}

export const spreadOf = (values: readonly number[]): Spread => {
  const inOrder = sorted(values);
  return {
    median: percentile(inOrder, 0.5) ?? Number.NaN,
    p90: percentile(inOrder, 0.9) ?? Number.NaN,
  };
};

/** Moments since the guest's start, evenly over the history. */
const startsOf = (history: DirtyHistory, { model, startsAtMs }: PredictionPlan): readonly number[] => {
  if (startsAtMs !== null) return startsAtMs;
  const { sinceStartMs } = history.header;
  // AVG knows no moment.
  if (model === 'avg') return [sinceStartMs];
  const lengthMs = lengthMsOf(history);
  return Array.from({ length: startCount }, (_, nth) => sinceStartMs + (nth * lengthMs) / startCount);
};

/**
 * Where in a history a moment is; before it began and beyond its end it repeats itself.
 * @param startAtMs since the guest's start.
 */
export const offsetOf = (history: DirtyHistory, startAtMs: number): number => {
  const lengthMs = lengthMsOf(history);
  const offsetMs = (startAtMs - history.header.sinceStartMs) % lengthMs;
  return offsetMs < 0 ? offsetMs + lengthMs : offsetMs;
};

/**
 * What a model predicts, by the moment at which the migration begins. avg and hist are models of pre-copy under Xen's rule;
 * sim predicts any strategy.
 * @throws LivemigError what ends the migration, for sim
 */
export const predictStarts = async (
  history: DirtyHistory,
  plan: PredictionPlan,
): Promise<PredictedStart[]> => {
  const { header } = history;
  const { model, figures } = plan;
  const predicted: PredictedStart[] = [];
  for (const startAtMs of startsOf(history, plan)) {
    // The first page leaves after the set-up, while the guest runs on.
    const offsetMs = offsetOf(history, startAtMs + figures.preMs);
    const one =
      model === 'sim'
        ? await predictByReplay(history, plan, figures, offsetMs)
        : predictPreCopy(
            model === 'avg'
              ? avgModel(header, meanRateOf(history), figures)
              : histModel(history, header, figures, offsetMs),
            header,
            figures,
          );
    predicted.push({ startAtMs, ...one });
  }
  return predicted;
};

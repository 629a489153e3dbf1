import type { CompletedRun } from '#harness/result';
import type { Drawing } from './render.ts';
import { prepare } from './render.ts';
import type { TimelineData } from './timeline-data.ts';
import { timelineData } from './timeline-data.ts';
import { panelWidths } from './timeline-panel.ts';
import { timelineSpecOf } from './timeline-spec.ts';

export type TimelineSize = keyof typeof panelWidths;

const drawings: Partial<Record<TimelineSize, Drawing>> = {};

/** A panel's text in place of its series. */
const absent: Readonly<Partial<Record<TimelineData, string>>> = {
  link: 'not recorded',
  guest: 'not recorded',
  remaining: 'not recorded',
  pings: 'not recorded',
  faults: 'no demand faults',
};

/** Draws a run's timeline. A panel without a series says that it is missing. */
export const drawTimeline = async (run: CompletedRun, size: TimelineSize = 'narrow'): Promise<string> => {
  drawings[size] ??= prepare(timelineSpecOf(panelWidths[size]), {
    axis: { labelFontSize: 10, titleFontSize: 11, titlePadding: 4, tickSize: 3 },
  });
  const rows = timelineData(run);
  const missing = Object.fromEntries(
    Object.entries(absent).map(([name, text]) => [
      `no-${name}`,
      rows[name as TimelineData].length === 0 ? [{ text }] : [],
    ]),
  );
  return drawings[size].draw({ ...rows, ...missing });
};

/** The panels without data, for the description. */
export const missingPanels = (run: CompletedRun): string[] => {
  const rows = timelineData(run);
  return (['link', 'guest', 'remaining', 'pings'] as const).filter((name) => rows[name].length === 0);
};

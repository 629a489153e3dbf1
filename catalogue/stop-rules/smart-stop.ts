import { defineStopRule } from '../stop-rule.ts';
import { byRounds } from './parts/by-rounds.ts';
import type { RoundRule } from './parts/by-rounds.ts';

/** Rounds in the window whose minimum is awaited. */
export const windowRounds = 5;

/**
 * CloudNet's smart stop (Wood et al., VEE 2011): continue while rounds shrink, until as much is dirtied as was sent;
 * from then on watch a window of rounds, and stop at one that is no larger than any in the window.
 */
export const smartStop = (): RoundRule => {
  let isSteady = false;
  const window: number[] = [];
  return {
    stops: ({ sentPages, pendingPages }) => {
      isSteady ||= pendingPages >= sentPages;
      const isMinimum = window.length === windowRounds && pendingPages <= Math.min(...window);
      if (isSteady) window.push(pendingPages);
      if (window.length > windowRounds) window.shift();
      return pendingPages === 0 || isMinimum;
    },
  };
};

export default defineStopRule({
  name: 'smart-stop',
  help: "CloudNet's: once rounds no longer shrink, stop at the smallest of a window of rounds",
  parameters: {},
  goesByDowntimeLimit: true,
  precopy: (session, signal) => byRounds(session, smartStop(), true, signal),
});

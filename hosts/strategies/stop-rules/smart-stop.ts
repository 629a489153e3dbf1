import type { StopRule } from './stop-rule.ts';

/** Rounds whose minimum is waited for. */
export const windowRounds = 5;

/**
 * CloudNet's smart stop (Wood et al., VEE 2011): go on while rounds shrink, that is until as much is dirtied as was sent;
 * from then on watch a window of rounds, and stop at one that is no larger than any in the window.
 */
export const smartStop = (): StopRule => {
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

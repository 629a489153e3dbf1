import type { LinkProfile } from '#proto/link';

/** What of a link the model doesn't have; empty where it has all of it. */
export const unmodelled = ({
  sourceToDestination: out,
  destinationToSource: back,
}: LinkProfile): string[] => [
  ...([out, back].some(({ jitterMs }) => jitterMs > 0) ? ['jitter'] : []),
  ...([out, back].some(({ lossPercent }) => lossPercent > 0) ? ['loss'] : []),
];

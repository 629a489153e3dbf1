import type { LinkProfile } from '#proto/link';

/** What is of packets, which the model has none of: its messages are whole, and need no TCP. */
const ofPackets = ['lossPercent', 'gemodel', 'duplicatePercent', 'reorderPercent', 'mtuBytes'] as const;

/** What of a link the model doesn't have, by its keys; empty where it has all of it. */
export const unmodelled = ({
  sourceToDestination,
  destinationToSource,
}: Pick<LinkProfile, 'sourceToDestination' | 'destinationToSource'>): string[] =>
  ofPackets.filter((key) => [sourceToDestination, destinationToSource].some((way) => (way[key] ?? 0) !== 0));

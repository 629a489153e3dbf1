import type { Measurement } from '../result.ts';

/**
 * Ways to count what a migration transferred. Documents rarely say which one is theirs:
 *
 *   payload          page messages, as the source's agent counts them: the default, and what QEMU calls transferred
 *   wire             what the router carried from source to destination, headers and repetitions included
 *   both-directions  the same and what came back: an interface's rx and tx added up
 *   both-hosts       what left the source and what reached the destination added up: every byte counted twice, as when
 *                    the traffic of all hosts is summed
 */
export const accountings = ['payload', 'wire', 'both-directions', 'both-hosts'] as const;
export type Accounting = (typeof accountings)[number];

/** What a migration transferred, counted in one of the ways, in bytes. */
export const transferredAs = (
  { ram, wire }: Pick<Measurement, 'ram' | 'wire'>,
  accounting: Accounting,
): number => {
  switch (accounting) {
    case 'payload':
      return ram.transferred;
    case 'wire':
      return wire.sourceToDestinationBytes;
    case 'both-directions':
      return wire.sourceToDestinationBytes + wire.destinationToSourceBytes;
    case 'both-hosts':
      return 2 * wire.sourceToDestinationBytes;
  }
};

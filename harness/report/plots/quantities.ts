import type { CompletedRun } from '../../result.ts';

/** What plots are of: seconds, and MiB, which is what the documents' MB are where they count RAM. */

export const bytesPerMB = 1024 ** 2;

export const totalTimeS = ({ measurement }: CompletedRun): number => measurement.totalTimeMs / 1000;

export const downtimeS = ({ measurement }: CompletedRun): number => measurement.downtimeMs / 1000;

/** As an interface of the link counts it, headers and all: what the documents measured. */
export const transferredMB = ({ measurement }: CompletedRun): number =>
  measurement.wire.sourceToDestinationBytes / bytesPerMB;

/** Bounds of what a peer may say in migration.proto. Whoever sends keeps to them, whoever receives refuses the rest. */

/** Parallel streams of pages (QEMU multifd-channels). */
export const channelsMax = 16;

export const bulkMessageMaxBytes = 4 << 20;
/** The region that is the guest's RAM; its blocks are pages. */
export const ramRegion = 0;
/** The region that is the guest's disk. */
export const diskRegion = 1;

/** Whole pages of a message. */
export const batchPagesMax = 512;
/** Pages of a message that travel in one capability's encoding. */
export const batchEncodedPagesMax = 2048;
/** Pages of a message that bring content, whichever way they travel: 10 MiB of guest memory. */
export const batchContentPagesMax = batchPagesMax + batchEncodedPagesMax;
/** Zero pages of a message. They cost no payload, but each costs the time to look at it. */
export const batchZeroPagesMax = 8192;

/** Runs of a message that discards. */
export const discardRunsMax = 65_536;
/** Pages that the discards of one connection name, in guests: each page some times, as a strategy may repeat itself. */
export const discardedGuestsMax = 4;

export const deviceStateChunkMaxBytes = 1 << 20;
export const digestBytes = 32;

/** Barriers that are sent and not yet reached. */
export const barriersOutstandingMax = 64;

/** Capabilities that a hello names, and the letters of each. */
export const capabilitiesMax = 64;
export const capabilityNameMax = 64;

/** Letters of an Abort's reason that are passed on. */
export const reasonMax = 1000;

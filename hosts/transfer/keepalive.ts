/**
 * A connection over which nothing comes back for 10 to 15 s is lost; TCP alone would find out after a quarter of an hour.
 * Shorter cuts TCP bridges by itself: after one of 5 s it tries again within 7. Bulk pages that stand before a ping take a
 * fraction of a second on any link.
 */
const pingEveryMs = 5000;
const answerMaxMs = 10_000;

/** A destination that doesn't come back within so long won't. QEMU waits for a person; a testbed must end. */
export const recoverMaxMs = 90_000;

/** Options of both ends. */
export const keepalive = {
  'grpc.keepalive_time_ms': pingEveryMs,
  'grpc.keepalive_timeout_ms': answerMaxMs,
  'grpc.keepalive_permit_without_calls': 1,
} as const;

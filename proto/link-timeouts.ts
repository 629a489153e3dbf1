/**
 * How long the two ends of a migration wait for each other, in ms. All of it follows from the link
 * (`harness/run/transfer.ts`) and travels with the order to migrate.
 */
export interface LinkTimeouts {
  /** Both ends ask this often whether a connection stands. */
  pingEveryMs: number;
  /**
   * A connection over which no answer comes for so long is lost; TCP alone would find out after a quarter of an hour. The
   * answer stands behind the bulk pages that are under way.
   */
  answerMaxMs: number;
  /** The source waits so long for its first destination to agree; the destination `connectMs` for its first word. */
  agreeMs: number;
  connectMs: number;
  /** One attempt to connect again, up to the source's first word. Another follows: TCP's own are further and further apart. */
  attemptMs: number;
  /** A destination that doesn't come back within so long won't. QEMU waits for a person; a testbed must end. */
  recoverMs: number;
  /** Whoever connects has to say who it is within so long. */
  helloMs: number;
  /** A connection that carries no stream for so long is a stranger's. */
  idleMs: number;
  /** Last words have so long to arrive before the source hangs up. */
  farewellMs: number;
}

/** Of a link that takes no time: never less. */
export const leastTimeouts: LinkTimeouts = {
  // Shorter cuts TCP bridges by itself: after one of 5 s it tries again within 7.
  pingEveryMs: 5000,
  answerMaxMs: 10_000,
  agreeMs: 30_000,
  connectMs: 10_000,
  attemptMs: 2000,
  recoverMs: 90_000,
  helloMs: 5000,
  idleMs: 10_000,
  farewellMs: 1000,
};

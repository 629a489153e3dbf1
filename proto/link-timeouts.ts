/**
 * How long the two ends of a migration wait for each other, in ms. All of it follows from the link
 * (`harness/run/transfer.ts`) and is sent with the order to migrate.
 */
export interface LinkTimeouts {
  /** Interval at which both ends probe a connection. */
  pingEveryMs: number;
  /**
   * A connection without an answer for this time is lost; TCP alone would take a quarter of an hour to notice. The
   * answer queues behind bulk pages in flight.
   */
  answerMaxMs: number;
  /**
   * The source's wait for its first destination's handshake; the destination waits `connectMs` for its first message.
   */
  agreeMs: number;
  connectMs: number;
  /**
   * One attempt to reconnect, up to the source's first message. Another follows, as TCP's own retries back off.
   */
  attemptMs: number;
  /** Time for a destination to come back. QEMU waits for an operator; a testbed must end. */
  recoverMs: number;
  /** Time for a client to identify itself. */
  helloMs: number;
  /** A connection without streams for this time is closed. */
  idleMs: number;
  /** Time for final messages to arrive before the source closes the connection. */
  farewellMs: number;
}

/** The values for a link without delay: the minimum. */
export const leastTimeouts: LinkTimeouts = {
  // TCP bridges shorter cuts itself: after one of 5 s it retries within 7.
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

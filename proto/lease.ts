/**
 * How an agent knows that its harness is still there. The harness holds a stream to each of its agents (`Lease` of
 * control.proto) and says a word on it now and then. All times are in ms.
 */

/** From one word to the next. */
export const heartbeatMs = 5_000;
/** So long without a word, and the harness is gone; one that is busy, or stopped for a minute, keeps what it has. */
export const leaseSilenceMs = 120_000;
/** The same once the stream has broken, as it does at once when the harness's process ends: time to come back. */
export const leaseGraceMs = 10_000;

/**
 * Environment of an agent that belongs to one harness: the silence after which it ends itself, in ms, also where no word
 * ever came. Without it the agent drops its guest instead and waits for another harness.
 */
export const leaseVariable = 'LIVEMIG_LEASE_MS';
/** With which exit code it then ends. */
export const leaseLostExitCode = 3;

export interface Heartbeat {
  /** Says who the harness is, to another one that asks. */
  holder: string;
  /** The same on every stream of one harness to this agent. */
  id: string;
  /** It needs the host no longer. */
  release: boolean;
}

/** The answer to the first word, '' where the host is its from now on, and why not otherwise. */
export interface Leased {
  refusal: string;
}

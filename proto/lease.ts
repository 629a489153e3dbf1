/**
 * How an agent knows that its harness is alive. The harness holds a stream to each of its agents (`Lease` of
 * control.proto) and sends messages on it. All times are in ms.
 */

/** Interval of the messages. */
export const heartbeatMs = 5_000;
/** The harness counts as dead after this silence; one that is busy, or stopped for a minute, keeps its hosts. */
export const leaseSilenceMs = 120_000;
/** Likewise once the stream has broken, as it does at once when the harness exits: time to reconnect. */
export const leaseGraceMs = 10_000;

/**
 * Environment of an agent that belongs to one harness: the silence after which it exits, in ms, even if no message ever
 * came. Without it, the agent drops its guest instead and waits for another harness.
 */
export const leaseVariable = 'LIVEMIG_LEASE_MS';
/** Its exit code then. */
export const leaseLostExitCode = 3;

export interface Heartbeat {
  /** Identifies the harness to other harnesses. */
  holder: string;
  /** The same on every stream of one harness to this agent. */
  id: string;
  /** It no longer needs the host. */
  release: boolean;
  /** The management plane's version that it speaks. */
  contract: number;
}

/** The answer to the first message: '' if the host is granted, otherwise the reason. */
export interface Leased {
  refusal: string;
  contract: number;
}

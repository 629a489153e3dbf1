/**
 * How long the harness waits for those that it can't make hurry. None of these is a measurement, and none is reached on a
 * machine that merely is slow: they end hangs. All in ms.
 */
export interface Patience {
  /** Each agent is asked for a sign of life so often. */
  pulseMs: number;
  /** An agent whose process is stopped (SIGSTOP) for so long is given up. One that goes on before that is not. */
  stoppedMs: number;
  /** An agent that gives no sign of life for so long is given up: no answer, no event, and no CPU time where that is seen. */
  silentMs: number;
  /** When one side of a migration has failed, the other is left to notice by itself for so long … */
  noticeMs: number;
  /** … is then told, where it can be, and given up after so long more. */
  settleMs: number;
  /** A hook of an actor of the run, beyond what it takes by its nature. */
  actorMs: number;
  /** Of a driver: finding out whether it works here. A registry may have to be asked. */
  probeMs: number;
  /** Removing what dead harnesses left. */
  sweepMs: number;
  /** Bringing a testbed up. The agents' image may have to be built first. */
  upMs: number;
  /** An `up` that was told to end early: taking down what it has started. */
  abortUpMs: number;
  /** Fresh agents for a kept testbed. */
  renewMs: number;
  /** Questions about a testbed: its facts, an agent's log. */
  askMs: number;
  /** A program in a host, beyond its own bound. */
  execGraceMs: number;
  /** Taking a testbed down; what it leaves then, the next run sweeps. */
  downMs: number;
}

export const defaultPatience: Patience = {
  pulseMs: 1000,
  stoppedMs: 10_000,
  silentMs: 30_000,
  noticeMs: 5000,
  settleMs: 20_000,
  actorMs: 60_000,
  probeMs: 120_000,
  sweepMs: 120_000,
  upMs: 20 * 60_000,
  abortUpMs: 60_000,
  renewMs: 180_000,
  askMs: 15_000,
  execGraceMs: 20_000,
  downMs: 90_000,
};

import type { Observable } from 'rxjs';
import { Subscription } from 'rxjs';
import type { AgentRole } from '#proto/control';
import { codeOf, LivemigError } from '#proto/errors';
import type { AgentEvent } from '#proto/events';
import type { AgentPort } from '../agent-port.ts';
import type { Patience } from '../patience.ts';
import type { ProcessSight } from '../testbed/process-sight.ts';
import type { Testbed } from '../testbed/testbed.ts';
import { boundText, orLate } from '../within.ts';

/** gone: its process has ended, or nobody listens. silent: it is there, but says nothing. */
export type AgentState = 'answers' | 'gone' | 'silent';

/** Of a sight that itself may not come: an engine may hang as well. */
const lookTimeoutMs = 5000;
/** Nobody listens and nobody sees the process: asked so often before that counts as its end. */
const refusalsMax = 3;
const suspicionPauseMs = 50;
/** Its calls are over, its process isn't: one that ends in order (SIGTERM) puts down its guest first. */
const suspicionMs = 5000;

/**
 * Watches over an agent, so that nobody waits for one that is dead or stopped. It is asked for a sign of life all the time;
 * when its event stream breaks it is asked at once. Where the driver sees the process, that tells dead and stopped ones
 * from busy ones: CPU time that is being used is a sign of life, too.
 */
export class AgentWatch {
  readonly #role: AgentRole;
  readonly #client: AgentPort;
  readonly #testbed: Testbed;
  readonly #patience: Patience;
  readonly #lost = Promise.withResolvers<never>();
  readonly #subscription = new Subscription();
  #state: AgentState = 'answers';
  #error: LivemigError | null = null;
  #heardAtMs: number;
  #cpuTicks: number | null = null;
  // What lies between two questions, not what a clock says: a harness that was itself stopped for a while has asked none.
  #unansweredMs = 0;
  #foundStoppedMs = 0;
  #refusals = 0;
  #isAsking = false;
  #isOver = false;

  constructor(
    role: AgentRole,
    client: AgentPort,
    testbed: Testbed,
    events: Observable<AgentEvent>,
    patience: Patience,
  ) {
    this.#role = role;
    this.#client = client;
    this.#testbed = testbed;
    this.#patience = patience;
    this.#heardAtMs = testbed.clock.nowMs();
    this.#lost.promise.catch(() => undefined);
    const pulse = testbed.clock.every(patience.pulseMs, () => void this.#ask(patience.pulseMs));
    this.#subscription.add(() => {
      pulse[Symbol.dispose]();
    });
    this.#subscription.add(
      events.subscribe({
        next: () => {
          this.#heard();
        },
        complete: () => void this.suspect(),
      }),
    );
  }

  get state(): AgentState {
    return this.#state;
  }

  /** Why it is given up; null while it isn't. */
  get error(): LivemigError | null {
    return this.#error;
  }

  /** Rejects with AGENT_UNREACHABLE when the agent is given up. Never resolves. */
  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  /** Something says that it may be gone. Resolves when it has answered, or is given up, or neither is to be had. */
  async suspect(): Promise<void> {
    const { clock } = this.#testbed;
    const fromMs = clock.nowMs();
    while (!this.#isOver && this.#heardAtMs <= fromMs && clock.nowMs() - fromMs < suspicionMs) {
      await this.#ask(suspicionPauseMs);
      await clock.sleep(suspicionPauseMs);
    }
  }

  close(): void {
    this.#isOver = true;
    this.#subscription.unsubscribe();
  }

  #heard(): void {
    this.#heardAtMs = this.#testbed.clock.nowMs();
    this.#unansweredMs = 0;
    this.#foundStoppedMs = 0;
    this.#refusals = 0;
  }

  /** @param spacingMs since the question before. */
  async #ask(spacingMs: number): Promise<void> {
    // One question at a time: an agent that is stopped must not find a hundred when it goes on.
    if (this.#isAsking || this.#isOver) return;
    this.#isAsking = true;
    try {
      await this.#client.call('hello', {}, { timeoutMs: 0.9 * this.#patience.pulseMs, isUrgent: true });
      this.#heard();
    } catch (error) {
      await this.#judge(error, spacingMs);
    } finally {
      this.#isAsking = false;
    }
  }

  async #judge(error: unknown, spacingMs: number): Promise<void> {
    const sight = await this.#look();
    const { stoppedMs, silentMs } = this.#patience;
    if (sight?.state === 'ended') this.#giveUp('gone', `is gone: ${sight.how}`);
    else if (sight?.state === 'stopped') {
      this.#foundStoppedMs += spacingMs;
      if (this.#foundStoppedMs >= stoppedMs)
        this.#giveUp('silent', `has not answered for ${boundText(stoppedMs)}: ${sight.how}`);
    } else {
      const wentOn = this.#foundStoppedMs > 0 || hasMoved(sight, this.#cpuTicks);
      this.#unansweredMs = wentOn ? 0 : this.#unansweredMs + spacingMs;
      this.#foundStoppedMs = 0;
      this.#cpuTicks = sight?.cpuTicks ?? this.#cpuTicks;
      this.#refusals = codeOf(error) === 'AGENT_UNREACHABLE' ? this.#refusals + 1 : 0;
      if (sight === null && this.#refusals >= refusalsMax)
        this.#giveUp('gone', 'is gone: nobody listens at its address any more', error);
      else if (this.#unansweredMs >= silentMs)
        this.#giveUp('silent', `has given no sign of life for ${boundText(silentMs)}${sight === null ? '' : `: ${sight.how}`}`, error); // prettier-ignore
    }
  }

  async #look(): Promise<ProcessSight | null> {
    const look = this.#testbed.look?.(this.#role);
    if (look === undefined) return null;
    const sight = await orLate(look, lookTimeoutMs, this.#testbed.clock).catch(() => 'late' as const);
    return sight === 'late' ? null : sight;
  }

  /** What was asked last, and came to nothing, is its cause where there is no better one. */
  #giveUp(state: AgentState, what: string, cause?: unknown): void {
    if (this.#isOver) return;
    this.#state = state;
    this.#error = new LivemigError(
      'AGENT_UNREACHABLE',
      `the ${this.#role} agent ${what}`,
      cause === undefined ? {} : { cause },
    );
    this.close();
    this.#lost.reject(this.#error);
  }
}

const hasMoved = (sight: ProcessSight | null, before: number | null): boolean =>
  before !== null && (sight?.cpuTicks ?? 0) > before;

import { setTimeout as sleep } from 'node:timers/promises';
import type { Observable } from 'rxjs';
import { Subscription } from 'rxjs';
import type { HostRole } from '../../proto/control.ts';
import { codeOf, LivemigError } from '../../proto/errors.ts';
import type { AgentEvent } from '../../proto/events.ts';
import { monotonicMs } from '../../proto/units.ts';
import type { AgentClient } from '../control-client.ts';
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

/**
 * Watches over an agent, so that nobody waits for one that is dead or stopped. It is asked for a sign of life all the time;
 * when its event stream breaks it is asked at once. Where the driver sees the process, that tells dead and stopped ones
 * from busy ones: CPU time that is being used is a sign of life, too.
 */
export class AgentWatch {
  readonly #role: HostRole;
  readonly #client: AgentClient;
  readonly #testbed: Testbed;
  readonly #patience: Patience;
  readonly #lost = Promise.withResolvers<never>();
  readonly #subscription = new Subscription();
  #state: AgentState = 'answers';
  #error: LivemigError | null = null;
  #heardAtMs = monotonicMs();
  #cpuTicks: number | null = null;
  // Counted in questions, not in time: a harness that was itself stopped for a while has asked none.
  #unanswered = 0;
  #foundStopped = 0;
  #refusals = 0;
  #isAsking = false;
  #isOver = false;

  constructor(
    role: HostRole,
    client: AgentClient,
    testbed: Testbed,
    events: Observable<AgentEvent>,
    patience: Patience,
  ) {
    this.#role = role;
    this.#client = client;
    this.#testbed = testbed;
    this.#patience = patience;
    this.#lost.promise.catch(() => undefined);
    const timer = setInterval(() => void this.#ask(), patience.pulseMs);
    this.#subscription.add(() => {
      clearInterval(timer);
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
    const fromMs = monotonicMs();
    for (let asked = 0; asked < 2 * refusalsMax && !this.#isOver && this.#heardAtMs <= fromMs; asked += 1) {
      await this.#ask();
      await sleep(suspicionPauseMs);
    }
  }

  close(): void {
    this.#isOver = true;
    this.#subscription.unsubscribe();
  }

  #heard(): void {
    this.#heardAtMs = monotonicMs();
    this.#unanswered = 0;
    this.#foundStopped = 0;
    this.#refusals = 0;
  }

  async #ask(): Promise<void> {
    // One question at a time: an agent that is stopped must not find a hundred when it goes on.
    if (this.#isAsking || this.#isOver) return;
    this.#isAsking = true;
    try {
      await this.#client.call('hello', {}, { timeoutMs: 0.9 * this.#patience.pulseMs, isUrgent: true });
      this.#heard();
    } catch (error) {
      await this.#judge(error);
    } finally {
      this.#isAsking = false;
    }
  }

  async #judge(error: unknown): Promise<void> {
    const sight = await this.#look();
    const { pulseMs, stoppedMs, silentMs } = this.#patience;
    if (sight?.state === 'ended') this.#giveUp('gone', `is gone: ${sight.how}`);
    else if (sight?.state === 'stopped') {
      this.#foundStopped += 1;
      if (this.#foundStopped * pulseMs >= stoppedMs)
        this.#giveUp('silent', `has not answered for ${boundText(stoppedMs)}: ${sight.how}`);
    } else {
      const wentOn = this.#foundStopped > 0 || hasMoved(sight, this.#cpuTicks);
      this.#unanswered = wentOn ? 0 : this.#unanswered + 1;
      this.#foundStopped = 0;
      this.#cpuTicks = sight?.cpuTicks ?? this.#cpuTicks;
      this.#refusals = codeOf(error) === 'AGENT_UNREACHABLE' ? this.#refusals + 1 : 0;
      if (sight === null && this.#refusals >= refusalsMax)
        this.#giveUp('gone', 'is gone: nobody listens at its address any more', error);
      else if (this.#unanswered * pulseMs >= silentMs)
        this.#giveUp('silent', `has given no sign of life for ${boundText(silentMs)}${sight === null ? '' : `: ${sight.how}`}`, error); // prettier-ignore
    }
  }

  async #look(): Promise<ProcessSight | null> {
    const look = this.#testbed.look?.(this.#role);
    if (look === undefined) return null;
    const sight = await orLate(look, lookTimeoutMs).catch(() => 'late' as const);
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

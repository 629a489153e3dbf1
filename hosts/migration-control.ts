import { LivemigError } from '../proto/errors.ts';
import type { AgentEvent } from '../proto/events.ts';
import type { AdjustableLimits, Limits, MigrationStatus } from '../proto/strategy.ts';
import { monotonicMs } from '../proto/units.ts';
import type { Waiters } from './transfer/waiters.ts';

/** Statuses that nothing follows. */
const final: readonly MigrationStatus[] = ['completed', 'failed', 'cancelled'];

/** Where an outgoing migration stands, and what can be done to it while it runs. */
export class MigrationControl {
  readonly #waiters: Waiters;
  readonly #emit: (event: AgentEvent) => void;
  readonly #cancellation = new AbortController();
  /** The migration's own, as they may be changed while it runs. */
  readonly limits: Limits;
  #status: MigrationStatus = 'none';
  #mayContinue = false;
  #mayRunAtDestination = false;
  /** Called when the limits have changed. */
  onLimits: () => void = () => undefined;

  constructor(limits: Limits, waiters: Waiters, emit: (event: AgentEvent) => void) {
    this.limits = { ...limits };
    this.#waiters = waiters;
    this.#emit = emit;
  }

  get status(): MigrationStatus {
    return this.#status;
  }

  set status(status: MigrationStatus) {
    this.#status = status;
    this.#emit({ type: 'status', atMs: monotonicMs(), status });
  }

  /** Fires when it is cancelled. */
  get signal(): AbortSignal {
    return this.#cancellation.signal;
  }

  /** Once it may run there it must never run at the source again. */
  get mayRunAtDestination(): boolean {
    return this.#mayRunAtDestination;
  }

  /**
   * From here on there is nothing to go back to.
   * @throws LivemigError CANCELLED where the word was given before that the guest runs on at the source.
   */
  passedPointOfNoReturn(): void {
    if (this.signal.aborted) throw new LivemigError('CANCELLED', 'the migration was cancelled');
    this.#mayRunAtDestination = true;
  }

  /** QEMU's migrate-set-parameters: other limits from now on. */
  setParameters(changed: Partial<AdjustableLimits>): void {
    Object.assign(this.limits, changed);
    this.#emit({ type: 'parameters', atMs: monotonicMs(), changed });
    this.onLimits();
  }

  /**
   * QEMU's migrate_cancel.
   * @throws LivemigError ILLEGAL_PHASE once the guest may run at the destination, or when it has ended.
   */
  cancel(): void {
    const hasEnded = final.includes(this.#status);
    if (this.#mayRunAtDestination || hasEnded)
      throw new LivemigError(
        'ILLEGAL_PHASE',
        `expected a migration that can be cancelled, this one is ${this.#status}: the guest ` +
          (hasEnded ? 'is where it ended up' : 'may run at the destination already'),
      );
    this.#cancellation.abort();
  }

  /**
   * QEMU's migrate-continue.
   * @throws LivemigError ILLEGAL_PHASE where it doesn't wait.
   */
  continue(): void {
    if (this.#status !== 'pre-switchover')
      throw new LivemigError(
        'ILLEGAL_PHASE',
        `expected a migration in pre-switchover, it is ${this.#status}`,
      );
    this.#mayContinue = true;
    this.#waiters.poke();
  }

  /**
   * Resolves when `continue` was called. The guest stands still meanwhile, so nobody is waited for for ever.
   * @throws LivemigError TIMEOUT when nobody has called it by then.
   */
  async untilContinued(maxMs: number): Promise<void> {
    const patience = setTimeout(() => {
      this.#waiters.fail(
        new LivemigError(
          'TIMEOUT',
          `expected \`livemig continue\` within ${maxMs / 1000} s of pre-switchover, nobody said it; the guest runs on at the ` +
            'source. Say it in another terminal in time, or wait longer (pause-before-switchover=SECONDS)',
        ),
      );
    }, maxMs);
    try {
      await this.#waiters.until(() => this.#mayContinue);
    } finally {
      clearTimeout(patience);
    }
  }
}

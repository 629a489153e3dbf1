import { LivemigError } from '#proto/errors';
import type { AgentEvent } from '#proto/events';
import type { AdjustableLimits, Limits } from '#catalogue/limits';
import type { MigrationStatus, SwitchoverOrder } from '#proto/strategy';
import { finalStatuses } from '#proto/strategy';
import type { MigrationClock } from './clock.ts';
import type { Waiters } from './transfer/waiters.ts';

/** The status of an outgoing migration, and what can be done to it while it runs. */
export class MigrationControl {
  readonly #clock: MigrationClock;
  readonly #waiters: Waiters;
  readonly #emit: (event: AgentEvent) => void;
  readonly #cancellation = new AbortController();
  /** The migration's own copy, as they may be changed while it runs. */
  readonly limits: Limits;
  #status: MigrationStatus = 'none';
  #mayContinue = false;
  #mayRunAtDestination = false;
  readonly #switchover = Promise.withResolvers<SwitchoverOrder>();
  #isSwitchoverOrdered = false;
  /** Why the switchover can't be ordered like this; undefined = it can. */
  refusesSwitchover: (order: SwitchoverOrder) => string | undefined = () => undefined;
  /** Called when the limits have changed. */
  onLimits: () => void = () => undefined;

  constructor(limits: Limits, clock: MigrationClock, waiters: Waiters, emit: (event: AgentEvent) => void) {
    this.limits = { ...limits };
    this.#clock = clock;
    this.#waiters = waiters;
    this.#emit = emit;
  }

  get status(): MigrationStatus {
    return this.#status;
  }

  set status(status: MigrationStatus) {
    this.#status = status;
    this.#emit({ type: 'status', atMs: this.#clock.nowMs(), status });
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
   * The point of no return.
   * @throws LivemigError CANCELLED if it has been cancelled before; its failure, if it has failed: in both cases the
   *   guest runs on at the source.
   */
  passedPointOfNoReturn(): void {
    this.#waiters.check();
    if (this.signal.aborted) throw new LivemigError('CANCELLED', 'the migration was cancelled');
    this.#mayRunAtDestination = true;
  }

  /** QEMU's migrate-set-parameters: other limits from now on. */
  setParameters(changed: Partial<AdjustableLimits>): void {
    Object.assign(this.limits, changed);
    this.#emit({ type: 'parameters', atMs: this.#clock.nowMs(), changed });
    this.onLimits();
  }

  /**
   * QEMU's migrate_cancel.
   * @throws LivemigError ILLEGAL_PHASE once the guest may run at the destination, or when it has ended.
   */
  cancel(): void {
    const hasEnded = finalStatuses.includes(this.#status);
    if (this.#mayRunAtDestination || hasEnded)
      throw new LivemigError(
        'ILLEGAL_PHASE',
        `expected a migration that can be cancelled, this one is ${this.#status}: the guest ` +
          (hasEnded ? 'is where it ended up' : 'may run at the destination already'),
      );
    this.#cancellation.abort();
  }

  /** Resolves when the switchover is ordered, which may never be. */
  get switchover(): Promise<SwitchoverOrder> {
    return this.#switchover.promise;
  }

  /** Whether it has been. */
  get isSwitchoverOrdered(): boolean {
    return this.#isSwitchoverOrdered;
  }

  /**
   * Ends whatever the strategy is at, and switches over.
   * @throws LivemigError ILLEGAL_PHASE unless the guest runs here, and pages are being sent; BAD_INPUT where the strategy
   *   can't.
   */
  orderSwitchover(order: SwitchoverOrder): void {
    if (this.#status !== 'active' || this.#isSwitchoverOrdered)
      throw new LivemigError(
        'ILLEGAL_PHASE',
        `expected an active migration, whose guest runs at the source, it is ${this.#status}` +
          (this.#isSwitchoverOrdered ? ', and the switchover has been ordered' : ''),
      );
    const problem = this.refusesSwitchover(order);
    if (problem !== undefined) throw new LivemigError('BAD_INPUT', problem, { problems: [problem] });
    this.#isSwitchoverOrdered = true;
    this.#emit({ type: 'switchover', atMs: this.#clock.nowMs(), order });
    this.#switchover.resolve(order);
  }

  /**
   * QEMU's migrate-continue.
   * @throws LivemigError ILLEGAL_PHASE if it isn't waiting.
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
   * Resolves when `continue` was called. The guest stands still meanwhile, so the wait is bounded.
   * @throws LivemigError TIMEOUT when nobody has called it by then.
   */
  async untilContinued(maxMs: number): Promise<void> {
    const rest = this.#clock.timer(maxMs, () => {
      this.#waiters.fail(
        new LivemigError(
          'TIMEOUT',
          `expected \`livemig continue\` within ${maxMs / 1000} s of pre-switchover, nobody said it; the guest runs on at the ` +
            'source. Say it in another terminal in time, or wait longer (pause-before-switchover=SECONDS)',
        ),
      );
    });
    try {
      await this.#waiters.until(() => this.#mayContinue);
    } finally {
      rest();
    }
  }
}

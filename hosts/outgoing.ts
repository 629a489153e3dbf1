import { settingsOf } from '#catalogue/capabilities';
import { switchoverRefusal } from '#catalogue/switchover';
import type { Capabilities } from '#proto/capabilities';
import type { MigrationInfo, SourceReport } from '#proto/control';
import { asError, LivemigError, toErrorDocument } from '#proto/errors';
import type { AgentEvent } from '#proto/events';
import type { TransferSizes } from '#proto/strategy';
import type { MigrationClock } from './clock.ts';
import type { Machine } from './machine.ts';
import { MigrationControl } from './migration-control.ts';
import { revocable, switchOver } from './ordered-switchover.ts';
import type { TransferStrategy } from './ports.ts';
import { SourceSession } from './source-session.ts';
import type { SessionArguments } from './source-session.ts';
import { loggedSourceWire } from './transfer/logged-wire.ts';
import { messageLog } from './transfer/message-log.ts';
import type { MessageLog } from './transfer/message-log.ts';
import { Waiters } from './transfer/waiters.ts';
import type { SourceWire } from './transfer/wire.ts';

export interface OutgoingPorts {
  clock: MigrationClock;
  wire: SourceWire;
  /** @throws whatever keeps it from being loaded. */
  strategy: () => Promise<TransferStrategy>;
  emit: (event: AgentEvent) => void;
}

/** The source's part in one migration: takes the order, leaves the transfer to a session, returns the report. */
export class OutgoingMigration {
  readonly #machine: Machine;
  readonly #ports: OutgoingPorts;
  readonly #waiters = new Waiters();
  readonly #session: SourceSession;
  readonly #log: MessageLog;
  readonly #capabilities: Capabilities;
  readonly control: MigrationControl;

  constructor(machine: Machine, migration: SessionArguments, ports: OutgoingPorts) {
    const { clock, wire, emit } = ports;
    this.#machine = machine;
    this.#ports = ports;
    this.#capabilities = migration.capabilities;
    this.#log = messageLog(clock);
    this.control = new MigrationControl(migration.limits, clock, this.#waiters, emit);
    this.#session = new SourceSession({
      machine,
      migration,
      clock,
      wire: loggedSourceWire(wire, this.#log),
      emit,
      control: this.control,
      waiters: this.#waiters,
    });
  }

  /** How far it is. */
  get info(): MigrationInfo {
    return { status: this.control.status, ...this.#session.info };
  }

  /** Other windows and message sizes from now on: its link has changed. */
  resize(sizes: TransferSizes): void {
    this.#session.resize(sizes);
  }

  /** Runs the migration to its end. Never throws: the report says what happened. */
  async run(stopSignal: AbortSignal): Promise<SourceReport> {
    const signal = AbortSignal.any([stopSignal, this.control.signal]);
    let failure: unknown = null;
    const onAbort = (): void => {
      this.control.status = 'cancelling';
      this.#waiters.fail(new LivemigError('CANCELLED', 'the migration was cancelled'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await this.#migrate(signal);
    } catch (error) {
      failure = signal.aborted
        ? new LivemigError('CANCELLED', 'the migration was cancelled', { cause: error })
        : asError(error);
    }
    signal.removeEventListener('abort', onAbort);
    return this.#end(failure);
  }

  async #migrate(signal: AbortSignal): Promise<void> {
    const strategy = await this.#ports.strategy();
    const { name, traits = {} } = strategy;
    this.control.refusesSwitchover = (order) =>
      switchoverRefusal(order, name, traits, settingsOf(this.#capabilities));
    this.control.status = 'setup';
    await this.#session.connect();
    this.control.status = 'active';
    // A strategy that never returns must not keep the migration from ending.
    await this.#session.metered(() => this.#waiters.unlessFailed(this.#transfer(strategy, signal)));
    if (!this.#session.isCompleted)
      throw new LivemigError(
        'ILLEGAL_PHASE',
        'expected the strategy to end with `await session.destination.complete()`, it ended without',
      );
  }

  /** By the strategy, until the switchover is ordered. */
  async #transfer(strategy: TransferStrategy, signal: AbortSignal): Promise<void> {
    const { control } = this;
    const ports = this.#session.ports();
    const { session, idle } = revocable(ports, () => control.isSwitchoverOrdered);
    // JavaScript lets a strategy of the user's own return what is no promise.
    const byStrategy = Promise.resolve(strategy.migrate(session, signal));
    const order = await Promise.race([byStrategy.then(() => null), control.switchover]);
    if (order === null) return;
    // It ends by a call that is refused, or never.
    byStrategy.catch(() => undefined);
    await idle();
    await switchOver(ports, order, () => this.#session.unsent, signal);
  }

  /** Without it the guest runs on all the same, and meets errors of its disk: it has nowhere else to run. */
  async #takeDiskBack(): Promise<void> {
    if (!this.#session.hasReleasedDisk) return;
    await this.#machine.leasedDisk?.acquire().catch(() => undefined);
  }

  async #end(failure: unknown): Promise<SourceReport> {
    const machine = this.#machine;
    const { timeline, hasStoppedGuest } = this.#session;
    if (failure !== null) this.#waiters.fail(failure);
    machine.throttle(0);
    this.#session.release();
    const cancelled = failure !== null && this.control.status === 'cancelling';
    // The guest continues here if this migration stopped it, unless it may have been started at the destination.
    if (failure !== null && hasStoppedGuest && !this.control.mayRunAtDestination) {
      await this.#takeDiskBack();
      machine.resume();
    }
    this.control.status = failure === null ? 'completed' : cancelled ? 'cancelled' : 'failed';
    timeline.endedAtMs = this.#ports.clock.nowMs();
    timeline.lastInstructionAtMs ??= machine.lastInstructionAtMs;
    await this.#session.close(failure);
    const { clock, emit } = this.#ports;
    emit({ type: 'messages', atMs: clock.nowMs(), host: 'source', ...this.#log.told });
    return {
      status: this.control.status,
      error: failure === null ? null : toErrorDocument(failure),
      ...this.#session.report,
      guestRunningAtEnd: machine.isRunning,
    };
  }
}

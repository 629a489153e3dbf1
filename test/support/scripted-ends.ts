import { setTimeout as sleep } from 'node:timers/promises';
import { Subject } from 'rxjs';
import type { ControlHandlers, AgentRole } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { AgentEvent } from '#proto/events';
import type { MigrationStatus } from '#proto/strategy';
import type { ScriptedDriver, ScriptedSignal } from './scripted-testbed.ts';
import { scriptedDriver } from './scripted-testbed.ts';
import { paperDestination, paperSource } from './synthetic-migration.ts';

/** Statuses through which the scripted migration passes, in this order. */
export const scriptedStatuses = ['setup', 'active', 'pre-switchover', 'device', 'postcopy-active'] as const;
export type ScriptedStatus = (typeof scriptedStatuses)[number];

const statusMs = 20;
const pollMs = 5;

/**
 * Agents whose two sides behave as real ones do when the other disappears: the source takes the guest back unless the
 * order to run it has gone out, and waits for a destination that may come back from then on; the destination ends when
 * the source is dead, and waits for one that is only silent. Both learn from `send` whether a side is dead, as from a
 * connection.
 */
export const scriptedEnds = (): { driver: ScriptedDriver; send: ScriptedDriver['send'] } => {
  const events = new Subject<AgentEvent>();
  const states = new Map<AgentRole, ScriptedSignal>();
  const isDead = (role: AgentRole): boolean => states.get(role) === 'KILL';
  const isStopped = (role: AgentRole): boolean => states.get(role) === 'STOP';
  let status: MigrationStatus = 'none';
  let isCancelled = false;
  const enter = (next: MigrationStatus): void => {
    status = next;
    events.next({ type: 'status', atMs: performance.now(), status });
  };
  const isPastReturn = (): boolean => status === 'postcopy-active' || status === 'completed';
  const isLost = (role: AgentRole): boolean => states.get(role) === 'KILL' || states.get(role) === 'STOP';
  /**
   * A dead router takes the link with it; a silent destination accepts nothing more. A lost observer disturbs nobody:
   * it is awaited so that the harness reacts within the phase.
   */
  const isStuck = (): boolean =>
    !isCancelled && (isStopped('destination') || isLost('wan') || (isLost('observer') && !isPastReturn()));
  const never = new Promise<never>(() => undefined);
  /** Nothing continues once the testbed is down. */
  const tick = async (): Promise<void> => {
    await sleep(pollMs);
    if (driver.live === 0) await never;
  };

  const runsThere = (): void => {
    events.next({ type: 'guest', host: 'destination', atMs: performance.now(), operations: 1, pagesDirtied: 0, stalledMs: 0, running: true });
  }; // prettier-ignore

  const failed = (code: 'CANCELLED' | 'PROTOCOL_VIOLATION', message: string) => ({
    ...paperSource(),
    status: code === 'CANCELLED' ? ('cancelled' as const) : ('failed' as const),
    error: { code, message },
    guestRunningAtEnd: true,
  });

  const migrate: ControlHandlers['migrate'] = async () => {
    status = 'none';
    for (const next of scriptedStatuses) {
      enter(next);
      for (let waitedMs = 0; waitedMs < statusMs; waitedMs += pollMs) {
        await tick();
        while (isStopped('source')) await tick();
        while (isStuck()) await tick();
        if (isDead('source')) return never;
        if (isCancelled) return failed('CANCELLED', 'the migration was cancelled');
        if (isDead('destination')) {
          if (isPastReturn()) return never;
          return failed('PROTOCOL_VIOLATION', 'the destination left before the migration was complete');
        }
      }
    }
    enter('completed');
    return paperSource();
  };
  const migrateIncoming: ControlHandlers['migrateIncoming'] = async () => {
    let ran = false;
    for (;;) {
      await tick();
      if (isStopped('destination')) continue;
      ran ||= isPastReturn();
      if (ran && !isDead('destination')) runsThere();
      if (status === 'completed') return paperDestination();
      if (!isDead('source') && !isCancelled) continue;
      const report = paperDestination();
      report.timeline.allPagesReceivedAtMs = null;
      if (!ran) report.timeline.firstInstructionAtMs = null;
      return {
        ...report,
        status: 'failed',
        error: { code: 'PROTOCOL_VIOLATION', message: 'the source is gone' },
      };
    }
  };
  const migrateCancel: ControlHandlers['migrateCancel'] = async () => {
    if (isPastReturn())
      throw new LivemigError('ILLEGAL_PHASE', 'the guest may run at the destination already');
    isCancelled = true;
    return { status };
  };
  const driver: ScriptedDriver = scriptedDriver(
    { source: { migrate, migrateCancel }, destination: { migrateIncoming } },
    events,
  );
  return {
    driver,
    send: (role, signal) => {
      states.set(role, signal);
      driver.send(role, signal);
    },
  };
};

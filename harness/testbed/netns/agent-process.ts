import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { AgentRole } from '#proto/control';
import { LivemigError } from '#proto/errors';
import { monotonicMs } from '#proto/units';
import { connectAgent } from '#harness/control-client';
import { orLate, untilAborted } from '#harness/within';
import { compileCacheDirectory } from '#harness/compile-cache';
import type { ProcessSight } from '../process-sight.ts';
import type { HostSignal } from '../testbed.ts';
import { childOf, ended as endedSight, sightOf } from '../process-sight.ts';
import type { Cell } from './cell.ts';
import { cellEnvironment } from './cell.ts';
import { Tail } from './tail.ts';

export interface AgentProcess {
  readonly role: AgentRole;
  /** gRPC target of its management plane. */
  readonly target: string;
  stderr(): string;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  /**
   * Wait until it answers `hello`.
   * @throws LivemigError TESTBED_FAILED when it ends or takes longer; the signal's reason once it has fired.
   */
  ready(timeoutMs: number, signal?: AbortSignal): Promise<void>;
  look(): Promise<ProcessSight>;
  /** @throws LivemigError TESTBED_FAILED where it has ended */
  signal(signal: HostSignal): void;
  /** Its process id outside the cell; null before it was ready. */
  readonly pid: number | null;
  /**
   * Ends it at once and removes its socket, so that another can take its place: what it holds is memory and threads.
   * @throws LivemigError TESTBED_FAILED when it doesn't go within the time.
   */
  kill(timeoutMs: number): Promise<void>;
}

const socketPollMs = 10;
const toldWithinMs = 500;
const agentLauncher = fileURLToPath(new URL('../../../hosts/agent.sh', import.meta.url));

/** Shells tell of a child that a signal ended by 128 + its number. */
const howEnded = (code: number | null, signal: NodeJS.Signals | null): string => {
  const name =
    signal ?? Object.entries(constants.signals).find(([, number]) => code === 128 + number)?.[0] ?? null;
  return name === null ? `it ended with exit code ${code}` : `it was ended by ${name}`;
};

const endNow = (pid: number | null): void => {
  try {
    if (pid !== null) process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
};

/**
 * @param agentPath hosts/agent.ts
 * @param socketPath where it shall serve, a Unix socket
 * @param environment beyond this process's own
 */
export const startAgent = (
  cell: Cell,
  role: AgentRole,
  agentPath: string,
  socketPath: string,
  environment: NodeJS.ProcessEnv = {},
): AgentProcess => {
  const target = `unix:${socketPath}`;
  const launcher = ['sh', agentLauncher, process.execPath, agentPath, role, target] as const;
  const [program, ...args] = cell.enter(role, launcher);
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    env: cellEnvironment({ NODE_COMPILE_CACHE: compileCacheDirectory(), ...environment }),
  });
  const stderr = new Tail(64 << 10);
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr.push(chunk);
  });
  let how: string | null = null;
  /** The agent itself, as it is known out here; its parent, which enters the cell for it, is `child`. */
  let pid: number | null = null;
  /** Null also where nothing could be started: everything that has no parent is a child of process 0. */
  const agentPid = (): number | null => (child.pid === undefined ? null : childOf(child.pid));
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      how = error.message;
      resolve();
    });
    child.once('close', (code, signal) => {
      how ??= howEnded(code, signal);
      resolve();
    });
  });

  const failure = (reason: string, cause?: unknown): LivemigError =>
    new LivemigError(
      'TESTBED_FAILED',
      `the ${role} agent didn't start: ${reason}. Its stderr: ${stderr.text().trim()}`,
      {
        cause,
      },
    );

  return {
    role,
    target,
    ended,
    stderr: () => stderr.text(),
    ready: async (timeoutMs, signal) => {
      const startedAtMs = monotonicMs();
      const leftMs = (): number => timeoutMs - (monotonicMs() - startedAtMs);
      // Connecting before the socket is there would cost gRPC's first back-off of a second.
      while (!existsSync(socketPath)) {
        signal?.throwIfAborted();
        if (how !== null) throw failure(how);
        if (leftMs() < 0) throw failure(`it doesn't listen after ${timeoutMs} ms`);
        await sleep(socketPollMs);
      }
      const client = connectAgent(role, target);
      try {
        const answer = client.call('hello', {}, { timeoutMs: Math.max(1, leftMs()) });
        const gone = ended.then(() => {
          throw failure(how ?? 'it ended');
        });
        await untilAborted(Promise.race([answer, gone]), signal);
        pid = agentPid();
      } catch (error) {
        signal?.throwIfAborted();
        throw how === null ? failure("it listens, but doesn't answer", error) : failure(how);
      } finally {
        client.close();
      }
    },
    get pid() {
      return pid;
    },
    look: async () => {
      // How it ended its parent tells, a moment later.
      if (how === null && pid !== null && sightOf(pid).state === 'ended') await orLate(ended, toldWithinMs);
      if (how !== null) return endedSight(how);
      return pid === null ? { state: 'runs', cpuTicks: null, how: 'its process is starting' } : sightOf(pid);
    },
    signal: (signal) => {
      const now = how === null ? agentPid() : null;
      if (now === null)
        throw new LivemigError('TESTBED_FAILED', `the ${role} agent has ended: there is nothing to send ${signal} to`); // prettier-ignore
      process.kill(now, `SIG${signal}`);
    },
    kill: async (timeoutMs) => {
      // SIGKILL ends what is stopped, too. The parent then has nothing left to wait for, unless it is stopped itself.
      // Asked anew: an id that was the agent's may be someone else's by now, but not a child's of a parent that waits.
      if (how === null) endNow(agentPid());
      if ((await orLate(ended, timeoutMs / 2)) === 'late') endNow(child.pid ?? null);
      if ((await orLate(ended, timeoutMs / 2)) === 'late')
        throw new LivemigError(
          'TESTBED_FAILED',
          `the ${role} agent is still there ${timeoutMs} ms after SIGKILL`,
        );
      await rm(socketPath, { force: true });
    },
  };
};

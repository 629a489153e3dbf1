import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { HostRole } from '../../../proto/control.ts';
import { LivemigError } from '../../../proto/errors.ts';
import { monotonicMs } from '../../../proto/units.ts';
import { connectAgent } from '../../control-client.ts';
import type { Cell } from './cell.ts';
import { cellEnvironment } from './cell.ts';
import { execInCell } from './exec.ts';
import { Tail } from './tail.ts';

export interface AgentProcess {
  readonly role: HostRole;
  /** gRPC target of its management plane. */
  readonly target: string;
  stderr(): string;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  /** Wait until it answers `hello`. @throws LivemigError TESTBED_FAILED when it ends or takes longer. */
  ready(timeoutMs: number): Promise<void>;
  /**
   * Ends it at once and removes its socket, so that another can take its place: what it holds is memory and threads.
   * @throws LivemigError TESTBED_FAILED when it doesn't go within the time.
   */
  kill(timeoutMs: number): Promise<void>;
}

/**
 * Node keeps the agents' compiled code there, by content: half of an agent's start is reading and compiling TypeScript.
 * Where it can't be written, Node goes without.
 */
export const compileCache = (): string =>
  process.env['NODE_COMPILE_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'livemig', 'node');

const socketPollMs = 10;
const agentLauncher = fileURLToPath(new URL('../../../hosts/agent.sh', import.meta.url));

/** @param agentPath hosts/agent.ts; @param socketPath where it shall serve, a Unix socket. */
export const startAgent = (
  cell: Cell,
  role: HostRole,
  agentPath: string,
  socketPath: string,
): AgentProcess => {
  const target = `unix:${socketPath}`;
  const launcher = ['sh', agentLauncher, process.execPath, agentPath, role, target] as const;
  const [program, ...args] = cell.enter(role, launcher);
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    env: cellEnvironment({ NODE_COMPILE_CACHE: compileCache() }),
  });
  const stderr = new Tail(64 << 10);
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr.push(chunk);
  });
  let how: string | null = null;
  /** Inside the cell: ending nsenter, its parent out here, wouldn't end it. */
  let pidInCell: number | null = null;
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      how = error.message;
      resolve();
    });
    child.once('close', (code, signal) => {
      how ??= signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
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
    ready: async (timeoutMs) => {
      const deadlineMs = monotonicMs() + timeoutMs;
      // Connecting before the socket is there would cost gRPC's first back-off of a second.
      while (!existsSync(socketPath)) {
        if (how !== null) throw failure(how);
        if (monotonicMs() > deadlineMs) throw failure(`it doesn't listen after ${timeoutMs} ms`);
        await sleep(socketPollMs);
      }
      const client = connectAgent(role, target);
      try {
        const answer = client.call('hello', {}, { timeoutMs: Math.max(1, deadlineMs - monotonicMs()) });
        const { pid } = await Promise.race([
          answer,
          ended.then(() => {
            throw failure(how ?? 'it ended');
          }),
        ]);
        pidInCell = pid;
      } catch (error) {
        throw how === null ? failure("it listens, but doesn't answer", error) : failure(how);
      } finally {
        client.close();
      }
    },
    kill: async (timeoutMs) => {
      if (pidInCell !== null && how === null)
        await execInCell(cell, role, ['sh', '-c', `kill -KILL ${pidInCell}`], { timeoutMs });
      const late = sleep(timeoutMs, 'late' as const, { ref: false });
      if ((await Promise.race([ended, late])) === 'late')
        throw new LivemigError(
          'TESTBED_FAILED',
          `the ${role} agent is still there ${timeoutMs} ms after SIGKILL`,
        );
      await rm(socketPath, { force: true });
    },
  };
};

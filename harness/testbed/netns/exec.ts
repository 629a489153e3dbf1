import { spawn } from 'node:child_process';
import type { AgentRole } from '#proto/control';
import { LivemigError } from '#proto/errors';
import { monotonicMs, timerMs } from '#proto/units';
import type { ExecResult } from '../testbed.ts';
import type { Cell } from './cell.ts';
import { cellEnvironment } from './cell.ts';

const outputMaxBytes = 16 << 20;
const defaultTimeoutMs = 60_000;
/** Beyond the program's own bound. */
const outerGraceMs = 10_000;
/** What `timeout` of coreutils exits with when it had to kill: 128 + SIGKILL. */
const killedExitCode = 137;

/**
 * Runs a program in a host to its end. Ending nsenter wouldn't end what it started, so the bound is kept inside
 * the cell, by coreutils' `timeout`.
 * @throws LivemigError TIMEOUT when it took longer than `timeoutMs`, TESTBED_FAILED when it couldn't be run at all.
 */
export const execInCell = (
  cell: Cell,
  role: AgentRole,
  argv: readonly string[],
  { timeoutMs = defaultTimeoutMs }: { timeoutMs?: number } = {},
): Promise<ExecResult> => {
  const bound = ['timeout', '--signal=KILL', String(timeoutMs / 1000)];
  const [program, ...args] = cell.enter(role, [...bound, ...argv]);
  const startedAtMs = monotonicMs();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: cellEnvironment(),
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        if (output[name].length < outputMaxBytes) output[name] += chunk;
      });
    const fail = (code: 'TIMEOUT' | 'TESTBED_FAILED', what: string, cause?: unknown): void => {
      reject(new LivemigError(code, `\`${argv.join(' ')}\` on ${role} ${what}`, { cause }));
    };
    // A cell that is stopped as a whole keeps no bound in there either.
    const patience = setTimeout(
      () => {
        child.kill('SIGKILL');
        child.stdout.destroy();
        child.stderr.destroy();
        fail('TIMEOUT', `took longer than ${timeoutMs} ms, and would not be ended`);
      },
      timerMs(timeoutMs + outerGraceMs),
    );
    child.once('error', (error) => {
      clearTimeout(patience);
      fail('TESTBED_FAILED', "couldn't be run", error);
    });
    child.once('close', (exitCode) => {
      clearTimeout(patience);
      const wasKilled = exitCode === null || exitCode === killedExitCode;
      if (wasKilled && monotonicMs() - startedAtMs >= timeoutMs)
        fail('TIMEOUT', `took longer than ${timeoutMs} ms`);
      else if (exitCode === null) fail('TESTBED_FAILED', 'was ended by a signal');
      else resolve({ exitCode, ...output });
    });
  });
};

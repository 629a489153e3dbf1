import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { LivemigError } from '#proto/errors';
import { orLate, untilAborted } from '#harness/within';
import { readyWord, terminateWord } from './cell-script.ts';
import { ownerMark } from './mark.ts';
import { Tail } from './tail.ts';

/**
 * A set of namespaces (mount, PID, network; user as well without root) with a shell as its process 1. It lives as
 * long as a pipe that this process holds: when we end, however we end, the kernel takes the cell and all in it down.
 */
export interface Cell {
  /** The command that runs `argv` inside the cell, in the network namespace `host`. */
  enter(host: string, argv: readonly string[]): [string, ...string[]];
  /** SIGTERM to every process in the cell but its first. */
  terminate(): void;
  /**
   * End the cell and everything in it, and wait until it is gone: in order, and where that takes too long by SIGKILL, which
   * what is stopped obeys as well. Idempotent.
   * @throws LivemigError TESTBED_FAILED when the kernel doesn't let it go.
   */
  end(): Promise<void>;
}

/** Programs of util-linux and iproute2 sit in /usr/sbin, which isn't on every user's path. */
export const cellEnvironment = (extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`,
  LC_ALL: 'C',
  ...extra,
});

export const isRootless = (): boolean => process.getuid?.() !== 0;

const endTimeoutMs = 5_000;
/** The kernel takes a second or so to free a guest of 8 GiB. */
const killTimeoutMs = 30_000;

/**
 * What enters a cell for a program and tells of its end. The program is its child, as a process can't move itself into
 * another PID namespace. nsenter would do that by itself, but where its child is stopped it stops as well (so that a
 * terminal's job control works), and nothing but SIGCONT lets it go on, even when the child has long ended. A shell
 * without job control doesn't.
 */
const doorkeeper = '"$@"; exit $?';

/** Resolves with the process's end; also when it never started. */
const exitOf = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('error', () => {
      resolve();
    });
    child.once('close', () => {
      resolve();
    });
  });

const untilReady = async (
  child: ChildProcess,
  stderr: Tail,
  timeoutMs: number,
  aborted?: AbortSignal,
): Promise<number> => {
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  const signal = AbortSignal.timeout(timeoutMs);
  const ended = exitOf(child);
  for (;;) {
    const outerPid = new RegExp(`^${readyWord} (\\d+)$`, 'm').exec(said)?.[1];
    if (outerPid !== undefined) return Number(outerPid);
    const over = await untilAborted(
      Promise.race([
        once(child.stdout!, 'data', { signal }).then(
          () => null,
          () => (signal.aborted ? `it wasn't ready within ${timeoutMs} ms` : null),
        ),
        ended.then(() => `it ended with ${child.exitCode ?? child.signalCode ?? 'no exit code'}`),
      ]),
      aborted,
    );
    if (over !== null)
      throw new LivemigError(
        'TESTBED_FAILED',
        `can't set up the testbed's namespaces: ${over}. ${stderr.text().trim()}`,
      );
  }
};

/**
 * @param script process 1 of the cell (see cell-script.ts); `directory` is its `$1`.
 * @throws LivemigError TESTBED_FAILED with the words of what failed, or the signal's reason; nothing is left then.
 */
export const startCell = async (
  script: string,
  directory: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Cell> => {
  const userNamespace = isRootless() ? ['--user', '--map-root-user'] : [];
  const child = spawn(
    'unshare',
    [
      ...userNamespace,
      '--net',
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      'sh',
      '-c',
      script,
      'livemig-cell',
      directory,
      ownerMark(),
    ],
    // Detached: Ctrl-C goes to the harness alone, which ends the cell in order.
    { stdio: ['pipe', 'pipe', 'pipe'], detached: true, cwd: '/', env: cellEnvironment() },
  );
  const stderr = new Tail(16 << 10);
  const ended = exitOf(child);
  child.on('error', (error) => {
    stderr.push(error.message);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr.push(chunk.toString());
  });
  // A cell that ended by itself closes the pipe: what matters then is its exit, not EPIPE.
  child.stdin.on('error', () => undefined);

  const end = async (): Promise<void> => {
    child.stdin.end();
    if ((await orLate(ended, endTimeoutMs)) !== 'late') return;
    // Of `unshare`: the cell's first process, and with it all others, get theirs from the kernel (--kill-child).
    child.kill('SIGKILL');
    if ((await orLate(ended, killTimeoutMs)) === 'late')
      throw new LivemigError(
        'TESTBED_FAILED',
        `the testbed's namespaces are still there ${killTimeoutMs / 1000} s after SIGKILL; the next run sweeps them`,
      );
  };

  try {
    const initPid = await untilReady(child, stderr, timeoutMs, signal);
    const user = isRootless() ? ['-U', '--preserve-credentials'] : [];
    return {
      enter: (host, argv) => [
        'nsenter',
        '-t',
        String(initPid),
        ...user,
        '-m',
        '-n',
        '-p',
        '--no-fork',
        '--',
        'sh',
        '-c',
        doorkeeper,
        ownerMark(),
        'ip',
        'netns',
        'exec',
        host,
        ...argv,
      ],
      terminate: () => {
        child.stdin.write(`${terminateWord}\n`);
      },
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
};

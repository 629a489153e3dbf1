import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../harness/cli.ts', import.meta.url));

const running = new Set<ChildProcess>();

/**
 * Ends what a failed test left running; for `afterAll` of every file that starts a livemig. Otherwise neither that
 * process nor Jest would end.
 */
export const endLivemigs = async (): Promise<void> => {
  for (const child of running) {
    const closed = once(child, 'close');
    child.kill('SIGINT');
    await closed;
  }
};

/** The livemig command in a separate process. */
export interface LivemigProcess {
  child: ChildProcess;
  /** So far. */
  said: { stdout: string; stderr: string };
  /** The exit code. */
  ended: Promise<[number | null]>;
}

export const startLivemig = (args: readonly string[], env: NodeJS.ProcessEnv = {}): LivemigProcess => {
  const child = spawn(process.execPath, [cli, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  return { child, said, ended: once(child, 'close') as Promise<[number | null]> };
};

const attempts = 4;

/** Waits until it has printed something; starts it again if a noisy machine spoils its link first. */
export const startedUntil = async (
  text: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<LivemigProcess> => {
  for (let attempt = 1; ; attempt++) {
    const run = startLivemig(args, env);
    while (!run.said.stderr.includes(text) && run.child.exitCode === null) await sleep(20);
    if (run.child.exitCode === null || attempt === attempts) return run;
    await run.ended;
    console.warn(`attempt ${attempt}: ${run.said.stderr.trim().split('\n').at(-1) ?? ''}`);
  }
};

/** A livemig that has ended. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

interface Surroundings {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

const toItsEnd = (
  program: string,
  args: readonly string[],
  { cwd, env = {} }: Surroundings,
): Promise<Outcome> =>
  new Promise((resolve) => {
    const options = { cwd, timeout: 60_000, env: { ...process.env, ...env }, maxBuffer: 1 << 26 };
    execFile(program, args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });

/** Runs the real command in a separate process to its end; the time limit only guards against hanging. */
export const runLivemig = (args: readonly string[], surroundings: Surroundings = {}): Promise<Outcome> =>
  toItsEnd(process.execPath, [cli, ...args], surroundings);

/** The same through a shell, with the rest of the command line: arguments and redirections. */
export const runLivemigInShell = (text: string, surroundings: Surroundings = {}): Promise<Outcome> =>
  toItsEnd('sh', ['-c', `"$0" "$1" ${text}`, process.execPath, cli], surroundings);

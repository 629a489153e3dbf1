import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../harness/cli.ts', import.meta.url));

/** The livemig command as a process of its own. */
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
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  return { child, said, ended: once(child, 'close') as Promise<[number | null]> };
};

const attempts = 4;

/** Until it has told of something; started again where a noisy machine has spoiled its link before. */
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

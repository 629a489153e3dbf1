import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Time for a child to take down its testbeds before it is killed; the drivers' sweeps remove what is left then. */
const graceMs = 30_000;

export const interruptedCode = 130;

/** A call, since the type checker takes the property for a constant. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/**
 * Runs a program under this Node, its output on this process's standard error and output.
 * @returns its exit code; 130 if the signal ended it
 */
export const runNode = async (
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<number> => {
  if (isAborted(signal)) return interruptedCode;
  const child = spawn(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  let killer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill('SIGINT');
    killer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return isAborted(signal) ? interruptedCode : (code ?? 1);
  } finally {
    signal.removeEventListener('abort', stop);
    clearTimeout(killer);
  }
};

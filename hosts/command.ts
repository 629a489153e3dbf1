import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { LivemigError } from '#proto/errors';
import type { ErrorCode } from '#proto/errors';

const execFileAsync = promisify(execFile);

export interface CommandOptions {
  code?: ErrorCode;
  timeoutMs?: number;
  /** What it reads; by default nothing. */
  input?: string;
  /** What it says of its failure, in clearer words. */
  explained?: (stderr: string) => string;
}

/**
 * Runs a program to its end and returns its standard output.
 * @throws LivemigError with `code` and the program's own words when it fails or can't be started.
 */
export const command = async (
  argv: readonly [string, ...string[]],
  options: CommandOptions = {},
): Promise<string> => {
  const [program, ...args] = argv;
  try {
    const running = execFileAsync(program, args, {
      timeout: options.timeoutMs ?? 10_000,
      // The only signal that a stopped program obeys.
      killSignal: 'SIGKILL',
      maxBuffer: 16 << 20,
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' },
    });
    const { stdin } = running.child;
    // Who ends without reading it says why by itself.
    stdin?.on('error', () => undefined);
    stdin?.end(options.input);
    return (await running).stdout;
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr?.trim() ?? '';
    const stderr = options.explained?.(said) ?? said;
    throw new LivemigError(
      options.code ?? 'TESTBED_FAILED',
      `\`${argv.join(' ')}\` failed${stderr === '' ? '' : `: ${stderr}`}`,
      {
        cause,
      },
    );
  }
};

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { LivemigError } from '#proto/errors';
import type { ErrorCode } from '#proto/errors';

const execFileAsync = promisify(execFile);

/**
 * Runs a program to its end and returns its standard output.
 * @throws LivemigError with `code` and the program's own words when it fails or can't be started.
 */
export const command = async (
  argv: readonly [string, ...string[]],
  options: { code?: ErrorCode; timeoutMs?: number } = {},
): Promise<string> => {
  const [program, ...args] = argv;
  try {
    const { stdout } = await execFileAsync(program, args, {
      timeout: options.timeoutMs ?? 10_000,
      // The only signal that a stopped program obeys.
      killSignal: 'SIGKILL',
      maxBuffer: 16 << 20,
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' },
    });
    return stdout;
  } catch (cause) {
    const stderr = (cause as { stderr?: string }).stderr?.trim() ?? '';
    throw new LivemigError(
      options.code ?? 'TESTBED_FAILED',
      `\`${argv.join(' ')}\` failed${stderr === '' ? '' : `: ${stderr}`}`,
      {
        cause,
      },
    );
  }
};

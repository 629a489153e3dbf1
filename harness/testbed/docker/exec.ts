import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type Docker from 'dockerode';
import { LivemigError } from '#proto/errors';
import { monotonicMs, timerMs } from '#proto/units';
import type { ExecResult } from '../testbed.ts';

/** `timeout -s KILL` ends so when it had to end the program; a program that is killed otherwise ends so as well. */
const killedExitCode = 137;
/** Beyond the program's own bound: for an engine that has stopped answering. */
const engineGraceMs = 10_000;

/**
 * Runs a program in a container to its end. An engine can't end what it has started in a container, so coreutils'
 * `timeout` in there does.
 * @throws LivemigError TIMEOUT when it ran longer than `timeoutMs` and was killed.
 */
export const execInContainer = async (
  docker: Docker,
  container: Docker.Container,
  argv: readonly string[],
  timeoutMs: number,
): Promise<ExecResult> => {
  const bounded = ['timeout', '-s', 'KILL', String(timeoutMs / 1000), ...argv];
  const exec = await container.exec({ Cmd: bounded, AttachStdout: true, AttachStderr: true });
  const startedAtMs = monotonicMs();
  const stream = await exec.start({});
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, stdout, stderr);
  const timer = setTimeout(() => stream.destroy(), timerMs(timeoutMs + engineGraceMs));
  stream.once('close', () => {
    stdout.end();
    stderr.end();
  });
  try {
    const [out, err] = await Promise.all([text(stdout), text(stderr)]);
    const exitCode = (await exec.inspect()).ExitCode ?? killedExitCode;
    if (exitCode === killedExitCode && monotonicMs() - startedAtMs >= timeoutMs)
      throw new LivemigError(
        'TIMEOUT',
        `\`${argv.join(' ')}\` ran longer than ${String(timeoutMs)} ms and was killed; it said: ${err.trim()}`,
      );
    return { exitCode, stdout: out, stderr: err };
  } finally {
    clearTimeout(timer);
  }
};

/** What a container has written so far, standard output and error together. */
export const logOf = async (container: Docker.Container): Promise<string> => {
  const multiplexed = await container.logs({
    stdout: true,
    stderr: true,
    follow: false,
  });
  return demultiplex(multiplexed);
};

/**
 * Strips the engine's framing of a log: 8 bytes of header before each chunk, its length in the last four
 * (Docker Engine API, "Attach to a container", stream format).
 */
export const demultiplex = (bytes: Buffer): string => {
  const chunks: Buffer[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = bytes.readUInt32BE(at + 4);
    chunks.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(chunks).toString('utf8');
};

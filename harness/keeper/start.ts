import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { LivemigError, readErrorDocument } from '#proto/errors';
import { makeDirectories } from '../files/places.ts';
import { orLate } from '../within.ts';
import { fileOf, keptDirectory } from './kept.ts';
import { keptStatusSchema } from './messages.ts';
import type { KeptStatus } from './messages.ts';

/** What a keeper in the background says to the `livemig up` that has started it. */
const reportSchema = z.discriminatedUnion('report', [
  z.object({ report: z.literal('progress'), text: z.string() }),
  z.object({ report: z.literal('ready'), status: keptStatusSchema }),
  z.object({ report: z.literal('failed'), error: z.unknown() }),
]);
export type KeeperReport = z.infer<typeof reportSchema>;

const reportMs = 2000;

/** Says it to the command that has started this process, where one has and still waits. Never rejects. */
export const reportToStarter = async (report: KeeperReport): Promise<void> => {
  if (!process.connected) return;
  const { promise, resolve } = Promise.withResolvers<'sent'>();
  process.send?.(report, undefined, {}, () => {
    resolve('sent');
  });
  await orLate(promise, reportMs);
};

const logTailCharacters = 2000;
/** For a keeper that failed to take down what it has started; its own waits are bounded by less. */
const exitMs = 180_000;

export interface StartedKeeper {
  pid: number;
  status: KeptStatus;
}

/**
 * Starts a keeper in the background, in a session of its own, so that it outlives this command and its terminal.
 * What it says goes into a log beside the announcements of testbeds.
 * @param argv this program's script, and the command that keeps in the foreground
 * @param signal ends it before it is ready
 * @throws LivemigError what keeps the testbed from coming up
 */
export const startKeeper = async (
  argv: readonly string[],
  signal: AbortSignal,
  tell: (text: string) => void,
): Promise<StartedKeeper> => {
  await makeDirectories(keptDirectory(), 0o700);
  const begun = fileOf(process.pid, 'log');
  const log = openSync(begun, 'w', 0o600);
  const child = spawn(process.execPath, [...process.execArgv, ...argv], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const logFile = child.pid === undefined ? begun : fileOf(child.pid, 'log');
  renameSync(begun, logFile);
  const outcome = Promise.withResolvers<KeptStatus>();
  child.on('message', (message) => {
    const { data: report } = reportSchema.safeParse(message);
    if (report?.report === 'progress') tell(report.text);
    else if (report?.report === 'ready') outcome.resolve(report.status);
    else if (report?.report === 'failed') outcome.reject(readErrorDocument(report.error));
  });
  child.once('error', (error) => {
    outcome.reject(new LivemigError('TESTBED_FAILED', 'the keeper could not be started', { cause: error }));
  });
  child.once('exit', (code, killedBy) => {
    const said = existsSync(logFile) ? readFileSync(logFile, 'utf8').slice(-logTailCharacters) : '';
    outcome.reject(
      new LivemigError(
        'TESTBED_FAILED',
        `the keeper ended with ${killedBy ?? code} before the testbed was up: ${said}`,
      ),
    );
  });
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const status = await outcome.promise;
    return { pid: child.pid ?? 0, status };
  } catch (error) {
    // It takes down what it has brought up.
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
      await orLate(once(child, 'exit'), exitMs);
    rmSync(logFile, { force: true });
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    child.removeAllListeners();
    if (child.connected) child.disconnect();
    child.unref();
  }
};

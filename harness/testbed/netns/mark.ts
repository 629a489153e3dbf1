import { readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '#proto/units';
import type { Owner } from '../owner.ts';
import { isDead, startTimeOf, thisProcess } from '../owner.ts';
import { sightOf } from '../process-sight.ts';

/**
 * A process that is stopped (state T) outlives its harness: it can't notice that its pipe is closed or its child gone.
 * So whatever runs outside a cell carries its harness on its command line, by which the next start finds it.
 */
const word = 'livemig-of';

/** An argument for a command line; means nothing to the program. */
export const ownerMark = ({ pid, startTime, pidNamespace }: Owner = thisProcess()): string =>
  `${word}=${pid}/${startTime}/${pidNamespace}`;

/** @param commandLine of /proc/PID/cmdline: arguments, each ended by a zero. */
export const markedOwner = (commandLine: string): Owner | null => {
  for (const argument of commandLine.split('\0')) {
    const [, pid, startTime, pidNamespace] = /^livemig-of=(\d+)\/(\d*)\/([^/]*)$/.exec(argument) ?? [];
    if (pid !== undefined)
      return { pid: Number(pid), startTime: startTime ?? '', pidNamespace: pidNamespace ?? '' };
  }
  return null;
};

const goneWithinMs = 5000;
const pollMs = 20;

/** Of this user, with a dead harness's mark. */
const abandoned = (): { pid: number; startTime: string | null }[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        if (statSync(`/proc/${name}`).uid !== process.getuid?.()) return [];
        const owner = markedOwner(readFileSync(`/proc/${name}/cmdline`, 'utf8'));
        const pid = Number(name);
        return owner !== null && isDead(owner) ? [{ pid, startTime: startTimeOf(pid) }] : [];
      } catch {
        // Ended while we looked.
        return [];
      }
    });

/**
 * Ends what dead harnesses of this user have left running or stopped, SIGKILL being the one signal that a stopped process
 * obeys, and waits until it is gone.
 * @returns what was ended, for people
 */
export const sweepProcesses = async (): Promise<string[]> => {
  const killed: { pid: number; startTime: string | null; text: string }[] = [];
  for (const { pid, startTime } of abandoned())
    try {
      const { state } = sightOf(pid);
      process.kill(pid, 'SIGKILL');
      killed.push({
        pid,
        startTime,
        text: `process ${pid}${state === 'stopped' ? ' (it was stopped)' : ''}`,
      });
    } catch {
      // It has ended by itself.
    }
  const startedAtMs = monotonicMs();
  const isThere = ({ pid, startTime }: (typeof killed)[number]): boolean =>
    startTime !== null && startTimeOf(pid) === startTime;
  while (killed.some(isThere) && monotonicMs() - startedAtMs < goneWithinMs) await sleep(pollMs);
  return killed.map(({ text }) => text);
};

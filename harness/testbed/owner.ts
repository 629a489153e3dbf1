import { readFileSync, readlinkSync } from 'node:fs';
import { z } from 'zod';

/** A process for good: ids are used again, but not with the same start time, nor in another PID namespace. */
export const ownerSchema = z.object({
  pid: z.int().positive(),
  /** '' where the system has no /proc. */
  startTime: z.string().max(64),
  pidNamespace: z.string().max(64),
});
export type Owner = z.infer<typeof ownerSchema>;

/**
 * @param line of /proc/PID/stat (proc(5)); its second field, the program's name in parentheses, may hold anything.
 * @returns the fields behind it: the state, the parent's id, …
 */
export const statFields = (line: string): string[] => line.slice(line.lastIndexOf(')') + 2).split(' ');

export const parseStartTime = (line: string): string | null => {
  const fields = statFields(line);
  return fields[0] === 'Z' ? null : (fields[19] ?? null);
};

/**
 * Field 22 of /proc/PID/stat, clock ticks since boot (proc(5)); null when there is no such process. A zombie is none:
 * where nobody collects it, it stays for ever.
 */
export const startTimeOf = (pid: number): string | null => {
  try {
    return parseStartTime(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null;
  }
};

const pidNamespace = (): string => {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
};

export const thisProcess = (): Owner => ({
  pid: process.pid,
  startTime: startTimeOf(process.pid) ?? '',
  pidNamespace: pidNamespace(),
});

const answersSignals = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** @param startTime '' where the system has no /proc: there the process id alone has to do. */
export const isThere = (pid: number, startTime: string): boolean =>
  startTime === '' ? answersSignals(pid) : startTimeOf(pid) === startTime;

/** Unknown, so not dead, where the owner lives in a PID namespace that we don't see. */
export const isDead = (owner: Owner): boolean =>
  owner.pidNamespace === pidNamespace() && !isThere(owner.pid, owner.startTime);

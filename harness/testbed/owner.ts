import { readFileSync, readlinkSync } from 'node:fs';

/** A process for good: ids are used again, but not with the same start time, nor in another PID namespace. */
export interface Owner {
  pid: number;
  /** '' where the system has no /proc. */
  startTime: string;
  pidNamespace: string;
}

/** @param line of /proc/PID/stat; its second field, the program's name in parentheses, may hold anything. */
export const parseStartTime = (line: string): string | null => {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
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

/** Unknown, so not dead, where the owner lives in a PID namespace that we don't see. */
export const isDead = (owner: Owner): boolean => {
  if (owner.pidNamespace !== pidNamespace()) return false;
  return owner.startTime === '' ? !answersSignals(owner.pid) : startTimeOf(owner.pid) !== owner.startTime;
};

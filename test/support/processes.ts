import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Command lines of running processes that hold `part`, each after its process id. */
export const processesWith = (part: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(part) ? [`${pid} ${line.slice(0, 200)}`] : [];
      } catch {
        return []; // ended while we looked
      }
    });

/** Command lines of a process's children, each after its process id. */
export const childrenOf = (pid: number): string[] =>
  processesWith('').filter((line) => {
    try {
      const status = readFileSync(`/proc/${line.split(' ', 1)[0]}/status`, 'utf8');
      return status.includes(`\nPPid:\t${pid}\n`);
    } catch {
      return false; // ended while we looked
    }
  });

/** Identities of the network namespaces that processes live in or that are mounted here, as `net:[4026531840]`. */
export const networkNamespaces = (): Set<string> => {
  const mounted = readFileSync('/proc/self/mountinfo', 'utf8').match(/net:\[\d+\]/g) ?? [];
  const lived = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readlinkSync(`/proc/${pid}/ns/net`)];
      } catch {
        return [];
      }
    });
  return new Set([...mounted, ...lived]);
};

/** Probing in a separate network namespace that ends with the probe. */
import { command } from '../command.ts';
import { messageOf } from '#proto/errors';
import type { Support } from './backend.ts';

/**
 * Runs a shell script in a fresh network namespace. If namespaces can't be made (a container with only NET_ADMIN), in
 * this one: the script must then use its own devices, named `lmprobe*`, and remove them.
 */
const runThrowaway = async (script: string): Promise<string> => {
  const shell = ['sh', '-euc', script] as const;
  const canUnshare = await command(['unshare', '--net', 'true']).then(
    () => true,
    () => false,
  );
  return canUnshare ? command(['unshare', '--net', ...shell]) : command(shell);
};

/** Tries a script; what it says on failure is matched against hints on how to get what is missing. */
export const probeScript = async (
  script: string,
  hints: readonly (readonly [RegExp, string])[],
): Promise<Support> => {
  try {
    await runThrowaway(script);
    return { supported: true, reason: 'tried in a throwaway network namespace' };
  } catch (error) {
    const lines = messageOf(error)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
    const complaint = /^(?!`).*(error|unknown|denied|permitted|not found)/i;
    const reason = lines.find((line) => complaint.test(line)) ?? lines.at(-1) ?? 'it failed without a word';
    const hint = hints.find(([pattern]) => pattern.test(messageOf(error)))?.[1];
    return { supported: false, reason: hint === undefined ? reason : `${hint} (${reason})` };
  }
};

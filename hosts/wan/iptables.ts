/** Which iptables works here, and the rules that lead forwarded packets into NFQUEUE. */
import { LivemigError, messageOf } from '#proto/errors';
import { command } from '../command.ts';
import { queueNumbers } from './nfqueue-shared.ts';

/** Both programs come in one package; kernels support one, the other, or both. */
const programs = ['iptables-nft', 'iptables-legacy', 'iptables'] as const;
const chain = 'LIVEMIG';
let working: string | undefined;

// The lock file's default place isn't writable in a user namespace.
const iptables = (program: string, ...args: string[]): Promise<string> =>
  command(['env', 'XTABLES_LOCKFILE=/tmp/livemig-xtables.lock', program, '-t', 'mangle', ...args], {
    code: 'LINK_NOT_APPLIED',
  });

type Rule = string[];

const listed = (rule: Rule): string => `-A ${chain} ${rule.join(' ')}`;

const readBack = async (program: string): Promise<string[]> =>
  (await iptables(program, '-S', chain)).split('\n').filter((line) => line.startsWith('-A'));

const rulesOf = (towardsDestination: string, queued: readonly [boolean, boolean]): Rule[] =>
  (['-o', '-i'] as const).flatMap((side, index) =>
    queued[index] === true
      ? [[side, towardsDestination, '-j', 'NFQUEUE', '--queue-num', String(queueNumbers[index])]]
      : [],
  );

const addRules = async (program: string, rules: readonly Rule[]): Promise<void> => {
  await iptables(program, '-N', chain);
  for (const rule of rules) await iptables(program, '-A', chain, ...rule);
  await iptables(program, '-A', 'FORWARD', '-j', chain);
};

const removeRulesOf = async (program: string): Promise<void> => {
  for (const args of [
    ['-D', 'FORWARD', '-j', chain],
    ['-F', chain],
    ['-X', chain],
  ])
    await iptables(program, ...args).catch(() => undefined);
};

/**
 * Directs what is forwarded to (first queue) and from (second queue) the destination's interface into the queues, as
 * requested. Without `--queue-bypass`: a queue that nobody reads drops its packets.
 * @throws LivemigError LINK_NOT_APPLIED with what each program said, when none takes the rules.
 */
export const queueForwarded = async (
  towardsDestination: string,
  queued: readonly [boolean, boolean],
): Promise<void> => {
  const rules = rulesOf(towardsDestination, queued);
  const expected = rules.map(listed).join();
  if (working !== undefined && (await readBack(working).catch(() => ['none'])).join() === expected) return;
  const refusals: string[] = [];
  for (const program of working === undefined ? programs : [working])
    try {
      await removeRulesOf(program);
      await addRules(program, rules);
      const found = (await readBack(program)).join();
      if (found !== expected)
        throw new LivemigError('LINK_NOT_APPLIED', `expected the rules ${expected}, read back ${found}`);
      working = program;
      return;
    } catch (error) {
      await removeRulesOf(program);
      refusals.push(messageOf(error));
    }
  throw new LivemigError('LINK_NOT_APPLIED', `no iptables takes NFQUEUE rules: ${refusals.join(' | ')}`);
};

/**
 * The same for a link in use: directions that are queued stay so, as what the queue holds would be overtaken otherwise.
 * @throws LivemigError LINK_NOT_APPLIED
 */
export const queueAlso = async (
  towardsDestination: string,
  queued: readonly [boolean, boolean],
): Promise<void> => {
  if (working === undefined)
    throw new LivemigError('LINK_NOT_APPLIED', 'expected the rules of a link in use, there are none');
  const present = await readBack(working);
  const missing = rulesOf(towardsDestination, queued).filter((rule) => !present.includes(listed(rule)));
  for (const rule of missing) await iptables(working, '-A', chain, ...rule);
};

/** Idempotent. */
export const unqueueForwarded = async (): Promise<void> => {
  if (working !== undefined) await removeRulesOf(working);
};

/** A shell fragment that succeeds if one of the programs accepts an NFQUEUE rule. */
export const probeRulesScript = (device: string): string =>
  `export XTABLES_LOCKFILE=/tmp/livemig-xtables.lock; ok=; for p in ${programs.join(' ')}; do ` +
  `if $p -t mangle -A FORWARD -o ${device} -j NFQUEUE --queue-num 9; then $p -t mangle -D FORWARD -o ${device} -j NFQUEUE --queue-num 9; ok=1; break; fi; done; test -n "$ok"`;

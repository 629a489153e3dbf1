import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Support } from '#harness/testbed/testbed';

/** Debian's nobody and nogroup; any unprivileged ids would do. */
const unprivilegedId = 65534;

/** Runs a program as a user without privileges. For root only. */
export const asOrdinaryUser = (argv: readonly string[]): [string, ...string[]] => [
  'setpriv', `--reuid=${unprivilegedId}`, `--regid=${unprivilegedId}`, '--clear-groups', 'env', 'TMPDIR=/tmp', ...argv,
]; // prettier-ignore

const netns = fileURLToPath(new URL('../../harness/testbed/netns/index.ts', import.meta.url));

/** What the netns driver's own probe says to an ordinary user of this machine. */
export const probeAsOrdinaryUser = (): Support => {
  if (process.getuid?.() !== 0) return { supported: false, reason: 'needs root to become another user' };
  const script = `const { netnsDriver } = await import(${JSON.stringify(netns)}); console.log(JSON.stringify(await netnsDriver.probe()))`;
  const [program, ...args] = asOrdinaryUser([process.execPath, '--input-type=module', '-e', script]);
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', cwd: '/' });
  if (status !== 0)
    return {
      supported: false,
      reason: `an ordinary user can't run it from here: ${stderr.trim().split('\n').at(-1)}`,
    };
  return JSON.parse(stdout) as Support;
};

/**
 * Runs a command inside user-mode Linux (Debian package user-mode-linux; needs neither root nor KVM), whose kernel
 * has modules that the machine's own may lack, sch_netem above all. It sees the machine's files, read-only.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Support } from '#harness/testbed/testbed';
import { LivemigError } from '#proto/errors';
import { insertionOrder } from './modules.ts';
import { fillNodeCache } from './node-cache.ts';

const projectRoot = fileURLToPath(new URL('../../', import.meta.url));
const modulesOf = (release: string): string => `/usr/lib/uml/modules/${release}`;

/** What the netns driver, the link backends and TCP need beyond what that kernel has built in. */
const wantedModules = [
  'veth',
  'ifb',
  'sch_netem',
  'sch_tbf',
  'sch_htb',
  'sch_prio',
  'sch_ingress',
  'cls_u32',
  'cls_matchall',
  'cls_flower',
  'act_mirred',
];

const programs = ['linux.uml', 'busybox', 'unshare', 'ip', 'tc'] as const;
const umlEnvironment = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
const succeeds = (program: string, ...args: string[]): boolean =>
  spawnSync(program, args, { env: umlEnvironment }).status === 0;

/** In its own PID namespace, so that the many processes of a UML end with the first one. */
const enclosure = (): string[] => [
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
  '--pid',
  '--fork',
  '--kill-child',
];

/** Whether a UML can boot here, and if not why. */
export const probeUml = (): Support => {
  const missing = programs.filter((program) => !succeeds('sh', '-c', `command -v ${program}`));
  if (missing.length > 0)
    return {
      supported: false,
      reason: `${missing.join(', ')} not found: apt-get install user-mode-linux busybox-static iproute2 util-linux`,
    };
  if (/^\/(run|dev|proc|sys)\//.test(projectRoot))
    return {
      supported: false,
      reason: `${projectRoot} would be hidden in it by its own /run, /dev, /proc, /sys`,
    };
  if (!succeeds('unshare', ...enclosure(), 'true'))
    return { supported: false, reason: "this user can't make a PID namespace to keep it in" };
  return { supported: true, reason: 'user-mode-linux is installed' };
};

export interface UmlRun {
  /** Exit code of the command. */
  exitCode: number;
  /** What was said on the console: the kernel's complaints, and the command's standard output and error. */
  output: string;
  /** The file `result` that the command wrote into `$LIVEMIG_JOB`; null if it wrote none. */
  result: string | null;
}

export interface UmlOptions {
  timeoutMs: number;
  memoryMib?: number;
  onOutput?: (text: string) => void;
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/**
 * Process 1 around the UML: ends with it. As root, its one CPU gets priority over the machine's other work: waiting for
 * a real CPU counts as time inside. When its own standard input ends, because we did, it removes the job's directory
 * and ends the UML.
 */
const keeper =
  'renice -n -10 -p $$ >/dev/null 2>&1; job=$1; shift; "$@" </dev/null & uml=$!; exec 3<&0; ' +
  '{ read -r line <&3; rm -rf -- "$job"; kill -KILL $uml; } & wait $uml; exit 0';

/**
 * @param command a shell command; it runs in the project's root, with `node` this Node, TMPDIR a tmpfs and
 *   LIVEMIG_JOB a directory where it may leave a file `result`.
 * @throws LivemigError TIMEOUT, or TESTBED_FAILED when UML ends before the command does; with what it said.
 */
export const runInUml = async (command: string, options: UmlOptions): Promise<UmlRun> => {
  const job = await mkdtemp(join(tmpdir(), 'livemig-uml-'));
  try {
    const release = spawnSync('linux.uml', ['--version'], {
      encoding: 'utf8',
      env: umlEnvironment,
    }).stdout.trim();
    const modules = insertionOrder(
      await readFile(join(modulesOf(release), 'modules.dep'), 'utf8'),
      wantedModules,
    );
    if (modules.unknown.length > 0)
      throw new LivemigError(
        'TESTBED_FAILED',
        `Linux ${release} of user-mode-linux lacks the modules ${modules.unknown.join(', ')}`,
      );
    const paths = modules.paths.map((path) => `${join(modulesOf(release), path)}\n`);
    await writeFile(join(job, 'modules'), paths.join(''));
    const node = `node() { ${quoted(process.execPath)} "$@"; }`;
    await writeFile(
      join(job, 'command'),
      `export LIVEMIG_JOB=/run/job\ncd ${quoted(projectRoot)} || exit\n${node}\n${command}\n`,
    );

    const uml = [
      'linux.uml', `mem=${options.memoryMib ?? 1024}M`, 'root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro',
      'quiet', 'con=null', 'con0=fd:0,fd:1', `LIVEMIG_JOB=${job}`, `LIVEMIG_NODE_CACHE=${fillNodeCache() ?? ''}`, 'init=/bin/sh', '--', fileURLToPath(new URL('init.sh', import.meta.url)),
    ]; // prettier-ignore
    const child = spawn('unshare', [...enclosure(), 'sh', '-c', keeper, 'livemig-uml', job, ...uml], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      // UML keeps its console socket in HOME and its memory, a sparse file, in TMPDIR.
      env: { ...umlEnvironment, HOME: job, TMPDIR: existsSync('/dev/shm') ? '/dev/shm' : job },
    });
    child.stdin.on('error', () => undefined);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        const text = chunk.replaceAll('\r', '');
        output += text;
        options.onOutput?.(text);
      });
    const bound = AbortSignal.timeout(options.timeoutMs);
    bound.addEventListener('abort', () => child.stdin.end());
    await once(child, 'close');

    const read = (name: string): Promise<string | null> =>
      readFile(join(job, name), 'utf8').catch(() => null);
    const status = await read('status');
    if (status === null)
      throw new LivemigError(
        bound.aborted ? 'TIMEOUT' : 'TESTBED_FAILED',
        `user-mode Linux ${bound.aborted ? `took longer than ${options.timeoutMs} ms` : 'ended early'}. It said: ${output}`,
      );
    return { exitCode: Number(status), output, result: await read('result') };
  } finally {
    await rm(job, { recursive: true, force: true });
  }
};

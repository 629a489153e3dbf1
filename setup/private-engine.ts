import { spawn } from 'node:child_process';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { makeDirectories } from '#harness/files/places';
import { askEngine } from '#harness/testbed/docker/engine';
import { command } from '#hosts/command';
import { orLate, within } from '#harness/within';
import { LivemigError } from '#proto/errors';
import { monotonicMs } from '#proto/units';
import { usersIn, withLock } from './users.ts';

export interface ProvidedEngine {
  /** Environment for processes that use the engine. */
  env: Record<string, string>;
  /** For the log, e.g. `Docker Engine 20.10.24`. */
  description: string;
  /** Stops what was started; an engine that was already running stays. Idempotent. */
  stop(): Promise<void>;
}

/** Kept between runs, so that the image of an unchanged tree is built only once. */
const dataRoot = '/var/lib/livemig/docker';
const runRoot = '/run/livemig';
const socket = join(runRoot, 'docker.sock');
const pidFile = join(runRoot, 'docker.pid');
const execRoot = join(runRoot, 'docker-exec');
const logFile = join(runRoot, 'dockerd.log');

const startTimeoutMs = 60_000;
const stopTimeoutMs = 20_000;
const emptyTimeoutMs = 60_000;
const pollMs = 100;

/**
 * No default bridge and no firewall rules: testbeds bring their own networks, publish through dockerd's userland
 * proxy and need nothing from outside, so the machine's firewall and forwarding stay as they are.
 */
const dockerdArguments = [
  '--host', `unix://${socket}`,
  '--data-root', dataRoot,
  '--exec-root', execRoot,
  '--pidfile', pidFile,
  '--bridge=none',
  '--iptables=false',
  '--ip6tables=false',
  '--ip-forward=false',
  '--ip-masq=false',
  '--userland-proxy=true',
  '--default-address-pool', 'base=10.213.0.0/16,size=24',
]; // prettier-ignore

const docker = (): Docker => new Docker({ socketPath: socket });
const users = usersIn(join(runRoot, 'users'));

/**
 * The process in a pid file, if it still runs and is the one that wrote it: the program, with a command line that names
 * our run root. The id alone may have been reused.
 */
const processOf = async (file: string): Promise<number | undefined> => {
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  if (!Number.isInteger(pid)) return undefined;
  const commandLine = await readFile(`/proc/${String(pid)}/cmdline`, 'utf8').catch(() => '');
  const program = basename(commandLine.split('\0', 1)[0] ?? '');
  return program === basename(file, '.pid').replace('docker', 'dockerd') && commandLine.includes(runRoot)
    ? pid
    : undefined;
};

const terminate = async (file: string): Promise<void> => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const pid = await processOf(file);
    if (pid === undefined) return;
    process.kill(pid, signal);
    const deadlineMs = monotonicMs() + stopTimeoutMs;
    while (monotonicMs() < deadlineMs && (await processOf(file)) !== undefined) await sleep(pollMs);
  }
};

/**
 * Of a dockerd and containerd that were killed, the containers keep running, each below a shim that names our run root.
 */
const killOrphans = async (): Promise<void> => {
  for (const name of await readdir('/proc')) {
    const commandLine = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (!commandLine.includes('containerd-shim') || !commandLine.includes(`${execRoot}/`)) continue;
    const children = await readFile(`/proc/${name}/task/${name}/children`, 'utf8').catch(() => '');
    for (const pid of [
      ...children
        .trim()
        .split(' ')
        .filter((child) => child !== ''),
      name,
    ])
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
  }
};

const unmountLeftovers = async (): Promise<void> => {
  const mounts = (await readFile('/proc/self/mounts', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  for (const path of mounts.reverse())
    if (path === dataRoot || path.startsWith(`${execRoot}/`) || path.startsWith(`${dataRoot}/`))
      await command(['umount', '-l', path]);
};

/**
 * Everything in a private engine is ours: containers, networks (and their bridges) and replaced images are removed
 * before it stops.
 */
const empty = async (): Promise<void> => {
  const engine = docker();
  if (!(await askEngine(engine)).answers) return;
  for (const { Id } of await engine.listContainers({ all: true }))
    await engine
      .getContainer(Id)
      .remove({ force: true, v: true })
      .catch(() => undefined);
  await engine.pruneImages({ filters: { dangling: ['true'] } }).catch(() => undefined);
  for (const { Id, Driver } of await engine.listNetworks())
    if (Driver === 'bridge')
      await engine
        .getNetwork(Id)
        .remove()
        .catch(() => undefined);
};

const shutDown = async (): Promise<void> => {
  // An unresponsive engine is ended anyway, and its contents go with the unmounted trees.
  await orLate(empty(), emptyTimeoutMs);
  await terminate(pidFile);
  // A killed dockerd leaves its containerd behind.
  await terminate(join(execRoot, 'containerd', 'containerd.pid'));
  await killOrphans();
  await unmountLeftovers();
  for (const path of [socket, pidFile, execRoot]) await rm(path, { recursive: true, force: true });
};

const logTail = async (): Promise<string> =>
  (await readFile(logFile, 'utf8').catch(() => '')).trim().split('\n').slice(-5).join('\n');

const launch = async (): Promise<void> => {
  const log = await open(logFile, 'w');
  // In a separate session: Ctrl-C is for the harness, which then stops the engine in order.
  const dockerd = spawn('dockerd', dockerdArguments, {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
  const ended = new Promise<string>((resolve) => {
    dockerd.once('error', (error) => { resolve(error.message); });
    dockerd.once('exit', (code) => { resolve(`dockerd ended with exit code ${String(code)}`); });
  }); // prettier-ignore
  dockerd.unref();
  await log.close();
  let failure: string | undefined;
  void ended.then((reason) => {
    failure = reason;
  });
  const deadlineMs = monotonicMs() + startTimeoutMs;
  while (!(await askEngine(docker(), 1_000)).answers) {
    if (monotonicMs() > deadlineMs) failure ??= `dockerd did not answer within ${String(startTimeoutMs)} ms`;
    if (failure !== undefined)
      throw new LivemigError('TESTBED_FAILED', `${failure}; its log ends:\n${await logTail()}`);
    await sleep(pollMs);
  }
};

/**
 * Starts a private dockerd, or joins that of another livemig; needs root and dockerd. One whose users are all dead is
 * replaced. The last user stops it.
 * @throws LivemigError TESTBED_FAILED with the end of dockerd's log.
 */
export const startPrivateEngine = async (): Promise<ProvidedEngine> => {
  const lock = join(runRoot, 'lock');
  await makeDirectories(runRoot, 0o711);
  await makeDirectories(dataRoot, 0o711);
  await withLock(lock, async () => {
    const others = await users.leave();
    if (others === 0 || !(await askEngine(docker())).answers) {
      await shutDown();
      try {
        await launch();
        // Nobody uses it yet: anything in its data root is from a killed run.
        await within(empty(), emptyTimeoutMs, 'emptying the private Docker engine');
      } catch (error) {
        await shutDown();
        throw error;
      }
    }
    await users.join();
  });
  const answer = await askEngine(docker());
  return {
    env: { DOCKER_HOST: `unix://${socket}`, TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1' },
    description: answer.answers ? `Docker Engine ${answer.version}` : 'Docker Engine',
    stop: () =>
      withLock(lock, async () => {
        if ((await users.leave()) === 0) await shutDown();
      }),
  };
};

import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { LivemigError, messageOf } from '#proto/errors';
import { command } from '#hosts/command';
import { makeDirectories } from '#harness/files/places';
import type { Support } from '../testbed.ts';
import { hasImage } from './engine.ts';
import { makeOwnedDirectory } from './owned-directory.ts';

/** What the agents' base image needs beyond a minimal Debian; Node's binary links libstdc++. */
const packages = ['iproute2', 'iptables', 'iperf3', 'iputils-ping', 'ethtool', 'libstdc++6'];

const workspace = '/var/lib/livemig';
const treePrefix = 'base-';

export interface DebianMirror {
  uri: string;
  codename: string;
}

/**
 * The Debian mirror of this machine and its release, from `apt-get indextargets`.
 * @param targets lines of `URI RELEASE COMPONENT ORIGIN`
 */
export const parseMirror = (targets: string, codename: string): DebianMirror | undefined => {
  const uri = targets
    .split('\n')
    .map((line) => line.trim().split(' '))
    .find(
      ([, release, component, origin]) => release === codename && component === 'main' && origin === 'Debian',
    )?.[0];
  return uri === undefined ? undefined : { uri, codename };
};

const findMirror = async (): Promise<DebianMirror | undefined> => {
  const osRelease = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const codename = /^VERSION_CODENAME=(\w+)/m.exec(osRelease)?.[1];
  if (!/^ID=debian$/m.test(osRelease) || codename === undefined) return undefined;
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)';
  return parseMirror(
    await command(['apt-get', 'indextargets', '--format', format, 'Created-By: Packages']),
    codename,
  );
};

/** Whether this machine can make a base image of its own, without any registry. */
export const canBuildBase = async (): Promise<Support> => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return { supported: false, reason: 'building a base image from a Debian mirror needs root on Linux' };
  try {
    if ((await findMirror()) === undefined)
      return { supported: false, reason: "no Debian mirror among this machine's apt sources" };
    await command(['debootstrap', '--version']);
    return { supported: true, reason: "debootstrap from this machine's Debian mirror" };
  } catch (error) {
    return { supported: false, reason: `${messageOf(error)}; apt-get install debootstrap` };
  }
};

export const baseImageName = (codename: string): string => {
  const recipe = JSON.stringify([packages, codename, process.version, process.arch]);
  return `livemig-base:${createHash('sha256').update(recipe).digest('hex').slice(0, 12)}`;
};

/** The name of a base image that an earlier run has made, if the engine still has it. */
export const cachedBase = async (docker: Docker): Promise<string | undefined> => {
  const codename = (await findMirror())?.codename;
  if (codename === undefined) return undefined;
  const name = baseImageName(codename);
  return (await hasImage(docker, name)) ? name : undefined;
};

/** Documentation and package caches are a third of a minimal Debian and nothing to an agent. */
const leftOut = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'var/cache/apt',
  'var/lib/apt/lists',
  'var/log',
];

const importTree = async (docker: Docker, directory: string, name: string): Promise<void> => {
  const tar = spawn(
    'tar',
    ['-C', directory, ...leftOut.map((path) => `--exclude=./${path}/*`), '-cf', '-', '.'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [repo, tag] = name.split(':') as [string, string];
  const changes = [
    'LABEL livemig.image=base',
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ];
  const answer = await docker.importImage(tar.stdout, { repo, tag, changes });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(answer, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
};

/**
 * Makes an image of a minimal Debian with the network tools and this Node, from the machine's own Debian mirror.
 * Takes about half a minute.
 * @returns the image's name
 * @throws LivemigError UNSUPPORTED without root, debootstrap or a mirror; TESTBED_FAILED when debootstrap fails.
 */
export const buildBase = async (docker: Docker, say: (line: string) => void): Promise<string> => {
  const support = await canBuildBase();
  const mirror = support.supported ? await findMirror() : undefined;
  if (mirror === undefined) throw new LivemigError('UNSUPPORTED', support.reason);
  const name = baseImageName(mirror.codename);
  say(`no image registry answers: building ${name} with debootstrap from ${mirror.uri} (about 30 s, once)`);
  await makeDirectories(workspace);
  await using directory = await makeOwnedDirectory(workspace, treePrefix);
  // In a mount namespace of its own, so that debootstrap's mounts go away however it ends.
  await command(
    [
      'unshare', '--mount', 'debootstrap', '--variant=minbase', `--include=${packages.join(',')}`,
      mirror.codename, directory.path, mirror.uri,
    ],
    { timeoutMs: 600_000 },
  ); // prettier-ignore
  await copyFile(process.execPath, join(directory.path, 'usr/local/bin/node'));
  await importTree(docker, directory.path, name);
  return name;
};

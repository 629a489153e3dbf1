import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Docker from 'dockerode';
import { copyPackages, packagesOf } from '#hosts/image/packages';
import { LivemigError, messageOf } from '#proto/errors';
import type { Support } from '../testbed.ts';
import { buildBase, cachedBase, canBuildBase } from './base-image.ts';
import { within } from '#harness/within';
import { hasImage } from './engine.ts';
import { makeOwnedDirectory } from './owned-directory.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const dockerfile = 'hosts/image/Dockerfile';
/** What runs inside a host, and the package that says what it needs. */
const rooms = ['catalogue', 'hosts', 'proto'] as const;
const hostPackage = 'hosts/image';
const contextPrefix = 'livemig-image-';
/** Whose an image is: a clone and an installed package, or two of either, can use one engine. */
const treeLabel = 'livemig.tree';

/** Bound on pulling the registry's Node image: where a registry answers slowly, the mirror is the faster way. */
const pullTimeoutMs = 60_000;
/** A registry that hasn't begun to send by then doesn't answer. */
const pullStartTimeoutMs = 20_000;

/** The Dockerfile's default base. */
export const parseBaseImage = (text: string): string => {
  const name = /^ARG BASE_IMAGE=(\S+)/m.exec(text)?.[1];
  if (name === undefined) throw new LivemigError('INTERNAL', `${dockerfile} has no line ARG BASE_IMAGE=…`);
  return name;
};

/** The tag says what is inside: an unchanged tree finds its image, a changed one builds anew. */
export const imageName = async (directory: string = root): Promise<string> => {
  const hash = createHash('sha256');
  const files: string[] = ['package.json'];
  const sources = rooms.map((room) => `${room}/**/*`);
  for await (const file of glob(sources, { cwd: directory, withFileTypes: true }))
    if (file.isFile()) files.push(join(file.parentPath, file.name).slice(directory.length + 1));
  for (const file of files.sort()) {
    const content = await readFile(join(directory, file));
    hash.update(`${file} ${String(content.length)}\n`).update(content);
  }
  for (const { id, to } of packagesOf(join(directory, hostPackage))) hash.update(`${to} ${id}\n`);
  return `livemig-agent:${hash.digest('hex').slice(0, 12)}`;
};

/** Reads an engine's progress stream to its end; the engine reports failures inside it. */
const finish = (docker: Docker, stream: NodeJS.ReadableStream): Promise<void> =>
  new Promise((resolve, reject) => {
    docker.modem.followProgress(stream, (error: unknown, progress: { error?: string; stream?: string }[]) => {
      const failure = error ?? progress.find((step) => step.error !== undefined)?.error ?? null;
      if (failure === null) {
        resolve();
        return;
      }
      const tail = progress
        .map((step) => step.stream ?? '')
        .join('')
        .trim()
        .split('\n')
        .slice(-8)
        .join('\n');
      reject(new LivemigError('TESTBED_FAILED', `the engine says: ${messageOf(failure)}\n${tail}`));
    });
  });

const pull = async (docker: Docker, name: string): Promise<boolean> => {
  let stream: NodeJS.ReadableStream | undefined;
  try {
    stream = await within(docker.pull(name), pullStartTimeoutMs, `asking for ${name}`);
    await within(finish(docker, stream), pullTimeoutMs, `pulling ${name}`);
    return true;
  } catch {
    // Whatever the reason: there is another way to a base image, and it says its own reason when it fails too.
    (stream as { destroy?: () => void } | undefined)?.destroy?.();
    return false;
  }
};

/** LIVEMIG_BASE_IMAGE: any Debian image with Node 24. */
const namedBase = (): string | undefined => process.env['LIVEMIG_BASE_IMAGE'];

/** A base image, in order of cost: named by the user, local, built before, from the registry, from the Debian mirror. */
export const ensureBase = async (docker: Docker, say: (line: string) => void): Promise<string> => {
  const named = namedBase();
  if (named !== undefined) return named;
  const fromRegistry = parseBaseImage(await readFile(join(root, dockerfile), 'utf8'));
  if (await hasImage(docker, fromRegistry)) return fromRegistry;
  const cached = await cachedBase(docker);
  if (cached !== undefined) return cached;
  if (await pull(docker, fromRegistry)) return fromRegistry;
  try {
    return await buildBase(docker, say);
  } catch (cause) {
    const expected = `expected ${fromRegistry} in the engine or from its registry, or a base built on this machine`;
    throw new LivemigError('UNSUPPORTED', `${expected}; docker pull ${fromRegistry}`, { cause });
  }
};

/**
 * Hands over what target `agent` copies, as a tar stream: of the packages just what the hosts need, so that little
 * travels.
 */
const withBuildContext = async (use: (context: NodeJS.ReadableStream) => Promise<void>): Promise<void> => {
  await using packages = await makeOwnedDirectory(tmpdir(), contextPrefix);
  copyPackages(join(root, hostPackage), packages.path);
  const entries = ['-C', root, 'package.json', ...rooms, '-C', packages.path, 'node_modules'];
  await use(spawn('tar', ['-cf', '-', ...entries], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout);
};

/** Those of this tree that it no longer needs, and of trees that are gone; another livemig here keeps its own. */
const removeOldImages = async (docker: Docker, current: string): Promise<void> => {
  for (const { Id, RepoTags, Labels } of await docker.listImages({
    filters: { label: ['livemig.image=agent'] },
  })) {
    const tree = Labels[treeLabel];
    const isOthers = tree !== undefined && tree !== root && existsSync(tree);
    if (isOthers || (RepoTags ?? []).includes(current)) continue;
    // One that a container of another tree still uses is refused (409) and stays.
    await docker
      .getImage(Id)
      .remove({ force: true })
      .catch(() => undefined);
  }
};

/**
 * The agents' image for this tree: found by its content's hash, or built.
 * @returns its name
 * @throws LivemigError UNSUPPORTED without a base image, TESTBED_FAILED when the build fails.
 */
export const ensureImage = async (
  docker: Docker,
  say: (line: string) => void = () => undefined,
): Promise<string> => {
  const name = await imageName();
  if (await hasImage(docker, name)) return name;
  const base = await ensureBase(docker, say);
  say(`building ${name} from ${base}`);
  await withBuildContext(async (context) => {
    const stream = await docker.buildImage(context, {
      t: name,
      dockerfile,
      target: 'agent',
      buildargs: { BASE_IMAGE: base },
      labels: { 'livemig.image': 'agent', 'livemig.base': base, [treeLabel]: root },
      // An engine without address translation (ours for tests) reaches package mirrors only so.
      networkmode: 'host',
      forcerm: true,
    });
    await finish(docker, stream);
  });
  await removeOldImages(docker, name);
  return name;
};

/** Bound on asking a registry about an image: offline, its name can't even be resolved. */
const registryTimeoutMs = 10_000;

const registryHas = async (docker: Docker, name: string): Promise<boolean> => {
  try {
    await within(docker.getImage(name).distribution(), registryTimeoutMs, `asking the registry for ${name}`);
    return true;
  } catch {
    return false;
  }
};

/** Whether `ensureImage` has a way to succeed, without building or pulling anything. */
export const canProvideImage = async (docker: Docker): Promise<Support> => {
  const name = await imageName();
  if (await hasImage(docker, name)) return { supported: true, reason: `${name} is there` };
  const named = namedBase();
  if (named !== undefined) return { supported: true, reason: `the image will be built from ${named}` };
  const fromRegistry = parseBaseImage(await readFile(join(root, dockerfile), 'utf8'));
  const build = await canBuildBase();
  if (build.supported || (await hasImage(docker, fromRegistry)) || (await registryHas(docker, fromRegistry)))
    return { supported: true, reason: 'the image can be built' };
  return {
    supported: false,
    reason: `no base image: ${fromRegistry} is neither in the engine nor in a registry that answers, and ${build.reason}`,
  };
};

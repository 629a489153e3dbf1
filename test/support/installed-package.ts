import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** This Node first: the package's command takes the one that it finds. */
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` };

export interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

const timeoutMs = 170_000;

const run = (program: string, args: readonly string[], cwd: string): Promise<Outcome> =>
  new Promise((resolve) => {
    const options = { cwd, env, timeout: timeoutMs, maxBuffer: 1 << 26 };
    execFile(program, args, options, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });

/** @throws Error with what the program said, unless it ends with 0 */
const orThrow = async (outcome: Promise<Outcome>): Promise<Outcome> => {
  const { exitCode, stdout, stderr } = await outcome;
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${stderr}\n${stdout}`);
  return { exitCode, stdout, stderr };
};

const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];

/** Why packages can't be installed here; null where they can. */
export const noRegistry = async (): Promise<string | null> => {
  const bounds = ['--fetch-retries=0', '--fetch-timeout=15000'];
  const { exitCode } = await run('npm', ['view', 'rxjs', 'version', ...quiet, ...bounds], root);
  return exitCode === 0 ? null : 'no npm registry answers';
};

/** The npm package, as `npm pack` makes it. */
export interface PackedPackage extends AsyncDisposable {
  tarball: string;
  /** Of the tarball. */
  bytes: number;
  /** What is in it, by path. */
  files: readonly string[];
}

export const packPackage = async (): Promise<PackedPackage> => {
  const directory = await mkdtemp(join(tmpdir(), 'livemig-pack-'));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const args = ['pack', '--json', '--pack-destination', directory, '--loglevel=error'];
    const { stdout } = await orThrow(run('npm', args, root));
    // What the script prints comes first.
    const [{ size, files }] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [
      { size: number; files: { path: string }[] },
    ];
    const [name = ''] = await readdir(directory);
    return {
      tarball: join(directory, name),
      bytes: size,
      files: files.map(({ path }) => path),
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
};

/** An own project of a user's, with packages installed in it. */
export interface InstalledProject extends AsyncDisposable {
  directory: string;
  /** Further packages. */
  install: (...packages: string[]) => Promise<void>;
  /** `npx livemig …`: the installed command, in the project. */
  livemig: (...args: string[]) => Promise<Outcome>;
  npx: (...args: string[]) => Promise<Outcome>;
  node: (...args: string[]) => Promise<Outcome>;
  /** In one of its folders. */
  nodeIn: (folder: string, ...args: string[]) => Promise<Outcome>;
  write: (file: string, text: string) => Promise<string>;
}

/** How packages get into a project: npm by a tree of folders, pnpm by a store of links. */
const installers = {
  npm: ['npm', 'install', '--prefer-offline', ...quiet],
  pnpm: ['npx', '--yes', 'pnpm@10', 'add', '--prefer-offline'],
} as const;

/** Why pnpm can't be had here; null where it can. */
export const noPnpm = async (): Promise<string | null> => {
  const { exitCode } = await run('npx', ['--yes', 'pnpm@10', '--version'], tmpdir());
  return exitCode === 0 ? null : 'npx brings no pnpm';
};

/** @param packages what is to be installed: tarballs, `name@version`. */
export const installedProject = async (
  packages: readonly string[],
  installer: keyof typeof installers = 'npm',
): Promise<InstalledProject> => {
  const directory = await mkdtemp(join(tmpdir(), 'livemig-user-'));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  const write = async (file: string, text: string): Promise<string> => {
    const path = join(directory, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return path;
  };
  const install = async (...wanted: string[]): Promise<void> => {
    const [program, ...args] = installers[installer];
    await orThrow(run(program, [...args, ...wanted], directory));
  };
  try {
    await write('package.json', JSON.stringify({ name: 'mine', private: true, type: 'module' }));
    await install(...packages);
  } catch (error) {
    await remove();
    throw error;
  }
  const npx = (...args: string[]): Promise<Outcome> => run('npx', ['--no-install', ...args], directory);
  return {
    directory,
    install,
    livemig: (...args) => npx('livemig', ...args),
    npx,
    node: (...args) => run(process.execPath, args, directory),
    nodeIn: (folder, ...args) => run(process.execPath, args, join(directory, folder)),
    write,
    [Symbol.asyncDispose]: remove,
  };
};

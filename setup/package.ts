/**
 * Builds what the npm package holds, `dist/`: the rooms compiled to JavaScript, with types, as Node doesn't strip types
 * in node_modules, and what they read at run time beside them, as in a clone. `npm pack` calls it (prepack).
 */
import { cp, glob, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, extname, join, relative } from 'node:path';
import { chdir } from 'node:process';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { makeDirectories } from '#harness/files/places';
import { commitOf } from '#harness/run/own-commit';

/** What users run, import or start an image from. The others are a clone's. */
const rooms = ['catalogue', 'proto', 'hosts', 'harness', 'studies'];
/** Read, or copied by users; not compiled. */
const assets = ['examples', 'netem-profiles', 'scenarios', 'schemas', 'docker-compose.yml', '.dockerignore'];
const out = 'dist';
const dockerfile = 'hosts/image/Dockerfile';

interface Manifest {
  version: string;
  dependencies: Readonly<Record<string, string>>;
  imports: Readonly<Record<string, string>>;
  exports: Readonly<Record<string, string>>;
}

const formatHost: ts.FormatDiagnosticsHost = {
  getCurrentDirectory: () => process.cwd(),
  getCanonicalFileName: (file) => file,
  getNewLine: () => '\n',
};

/** The project's own settings, by which it is checked, too; except that files are written. */
const settings = (): ts.ParsedCommandLine => {
  const config = ts.readConfigFile('tsconfig.json', (file) => ts.sys.readFile(file));
  return ts.parseJsonConfigFileContent({ ...config.config, include: rooms }, ts.sys, '.', {
    noEmit: false,
    outDir: out,
    declaration: true,
    noEmitOnError: true,
    // Node 24 runs all that the sources use: nothing is to be rewritten but their types.
    target: ts.ScriptTarget.ESNext,
  });
};

/** @throws Error with what TypeScript reports, or with files that the package would lack */
const compile = (): void => {
  const { fileNames, options, errors } = settings();
  const program = ts.createProgram(fileNames, options);
  const foreign = program
    .getSourceFiles()
    .map(({ fileName }) => fileName.replace(`${process.cwd()}/`, ''))
    .filter((file) => !file.includes('node_modules/') && !rooms.some((room) => file.startsWith(`${room}/`)));
  if (foreign.length > 0)
    throw new Error(`expected imports of ${rooms.join(', ')}, got ${foreign.join(', ')}`);
  const { diagnostics } = program.emit();
  const found = [...errors, ...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (found.length > 0) throw new Error(ts.formatDiagnostics(found, formatHost));
};

/** Compiled files have other names. */
const compiledName = (text: string): string => text.replaceAll(/\.ts\b/g, '.js');

const copyAssets = async (): Promise<void> => {
  for (const asset of assets) await cp(asset, join(out, asset), { recursive: true });
  for await (const entry of glob(
    rooms.map((room) => `${room}/**/*`),
    { withFileTypes: true },
  )) {
    const file = relative('.', join(entry.parentPath, entry.name));
    // Results of studies are for readers of the repository.
    if (!entry.isFile() || ['.ts', '.zst'].includes(extname(file))) continue;
    await makeDirectories(join(out, dirname(file)));
    await cp(file, join(out, file));
  }
  await writeFile(join(out, dockerfile), compiledName(await readFile(dockerfile, 'utf8')));
};

/** What Node and TypeScript read for files of dist: the same names as in a clone, for what was compiled. */
const writeManifest = async (): Promise<void> => {
  const { version, imports, exports, dependencies } = JSON.parse(
    await readFile('package.json', 'utf8'),
  ) as Manifest;
  const inside = Object.entries(exports).filter(([, file]) => file.startsWith(`./${out}/`));
  const compiled = {
    name: 'livemig',
    version,
    type: 'module',
    imports: Object.fromEntries(
      Object.entries(imports)
        .filter(([name]) => rooms.includes(name.slice(1, -2)))
        .map(([name, file]) => [name, compiledName(file)]),
    ),
    exports: Object.fromEntries(inside.map(([name, file]) => [name, file.replace(`${out}/`, '')])),
    // For results, which say what made them.
    ...commitOf('.'),
    // For a copy of dist as the context of an image: npm installs them there.
    dependencies,
  };
  await writeFile(join(out, 'package.json'), `${JSON.stringify(compiled, null, 2)}\n`);
};

chdir(fileURLToPath(new URL('..', import.meta.url)));
await rm(out, { recursive: true, force: true });
compile();
await copyAssets();
await writeManifest();

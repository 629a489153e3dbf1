import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { strategies } from '#catalogue/strategies';
import { packagesOf } from '#hosts/image/packages';
import { listProfiles } from '#harness/profiles';
import type { RunResult } from '#harness/result';
import { studyNames } from '#harness/studies/folder';
import { loadDriver } from '#harness/testbed/index';
import type { DriverName } from '#harness/testbed/testbed';
import type { InstalledProject, PackedPackage } from '../support/installed-package.ts';
import { installedProject, noPnpm, noRegistry, packPackage } from '../support/installed-package.ts';
import { schemaProblems } from '../support/result-schema.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const unavailable = await noRegistry();
const pnpmLacks = unavailable ?? (await noPnpm());

interface Manifest {
  version: string;
  exports: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest;

const types = `@types/node@${manifest.devDependencies['@types/node'] ?? ''}`;

const small = ['--link', 'lan-1g', '--guest', '64MiB', '--workload', 'stress:8MiB', '--warmup', '500'];

/** What each driver needs here, or null. */
const lacking = async (name: DriverName): Promise<string | null> => {
  const support = await (await loadDriver(name)).probe();
  return support.supported ? null : support.reason;
};
const drivers = await Promise.all(
  (['sim', 'netns', 'docker'] as const).map(async (driver) => ({ driver, lacks: await lacking(driver) })),
);

if (unavailable !== null) test.skip(`the npm package: ${unavailable}`, () => undefined);
else
  describe('the npm package, installed in an empty project', () => {
    let packed: PackedPackage;
    let project: InstalledProject;
    beforeAll(async () => {
      packed = await packPackage();
      project = await installedProject([packed.tarball, types]);
    });
    afterAll(async () => {
      await project[Symbol.asyncDispose]();
      await packed[Symbol.asyncDispose]();
    });

    /** The result of a run; a noisy machine may spoil a link before. */
    const resultOf = async (...args: string[]): Promise<RunResult> => {
      const { stdout, stderr } = await project.livemig('run', ...args, '--retries', '3', '--json');
      expect({ stdout, stderr }).toMatchObject({ stdout: expect.stringMatching(/^{/) });
      return JSON.parse(stdout) as RunResult;
    };

    test('is compiled, small, and without the Node of a clone', () => {
      expect(packed.files.filter((file) => /(?<!\.d)\.ts$/.test(file) && !file.startsWith('dist/examples/'))).toEqual([]); // prettier-ignore
      expect(packed.files.filter((file) => /^(test|bench|setup)\//.test(file))).toEqual([]);
      expect(packed.bytes).toBeLessThan(2_000_000);
      expect(Object.keys(manifest.dependencies)).not.toContain('node');
    });

    test('holds what its exports name, and what is read at run time', () => {
      const named = Object.values(manifest.exports).filter((file) => !file.includes('*'));
      const declarations = named
        .filter((file) => file.endsWith('.js'))
        .map((file) => file.replace(/js$/, 'd.ts'));
      const read = ['docker-compose.yml', 'hosts/agent.sh', 'hosts/image/Dockerfile', 'proto/control.proto', 'netem-profiles/lan-1g.yaml', 'scenarios/start.yaml', 'schemas/result.schema.json', 'studies/icclab-10g/full.yaml']; // prettier-ignore
      const files = [...named, ...declarations].map((file) => file.replace('./', ''));
      expect(packed.files).toEqual(
        expect.arrayContaining([...files, ...read.map((file) => `dist/${file}`), 'bin/livemig.js']),
      );
    });

    test('has the command, with its version, its definitions and its studies', async () => {
      const version = await project.livemig('--version');
      expect(version).toEqual({ exitCode: 0, stdout: `${manifest.version}\n`, stderr: '' });
      const listed = async (what: string): Promise<string[]> => {
        const { stdout } = await project.livemig('list', what, '--json');
        const lists = JSON.parse(stdout) as Record<string, { name: string }[]>;
        return (lists[what] ?? []).map(({ name }) => name);
      };
      expect(await listed('links')).toEqual(listProfiles());
      expect(await listed('strategies')).toEqual([...strategies.keys()]);
      expect(await listed('studies')).toEqual(studyNames());
    });

    test.each(drivers.filter(({ lacks }) => lacks === null))('runs a migration, driver $driver', async ({ driver }) => {
      const result = await resultOf('--driver', driver, ...small);
      expect(schemaProblems(result)).toEqual([]);
      expect(result).toMatchObject({ state: 'completed', driver, integrity: { mismatches: 0, staleReads: 0 } });
    }); // prettier-ignore

    for (const { driver, lacks } of drivers)
      if (lacks !== null) test.skip(`runs a migration, driver ${driver}: ${lacks}`, () => undefined);

    test("runs a user's own strategy, in TypeScript, and checks it", async () => {
      await cp(join(root, 'examples/strategies/two-rounds.ts'), join(project.directory, 'mine.ts'));
      expect(await project.livemig('check', 'mine.ts')).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/^two-rounds: (\d+) of \1 hold/),
      });
      const result = await resultOf('--driver', 'sim', '--strategy', './mine.ts', ...small);
      expect(result).toMatchObject({ state: 'completed', strategy: './mine.ts' });
    });

    test('runs a migration for a program, in TypeScript', async () => {
      await project.write(
        'program.ts',
        `import { LivemigError, run } from 'livemig';
         const running = run({ driver: 'sim', link: 'lan-1g', guest: '64MiB', strategy: './mine.ts' });
         const phases: string[] = [];
         running.events.subscribe((event) => event.type === 'phase' && phases.push(event.phase));
         const { state } = await running;
         const refused = await run({ link: 'none' }).catch((error: unknown) => error);
         const code = refused instanceof LivemigError ? refused.code : null;
         console.log(JSON.stringify({ state, code, last: phases.at(-1) }));`,
      );
      const { stdout } = await project.node('program.ts');
      expect(JSON.parse(stdout)).toEqual({ state: 'completed', code: 'BAD_INPUT', last: 'down' });
    });

    test("checks a user's own study, in TypeScript", async () => {
      await cp(join(root, 'test/support/my-study'), join(project.directory, 'my-study'), { recursive: true });
      expect(await project.livemig('check', './my-study')).toMatchObject({ exitCode: 0 });
    });

    const consumer = `
      import { LivemigError, openTestbed, run, type Running, type RunResult } from 'livemig';
      import type { TransferStrategy } from 'livemig/strategy';
      import { stopAndSendRest } from 'livemig/strategy';
      import { accountings } from 'livemig/study';
      import type { Plot } from 'livemig/study/plots';
      import { assertDowntimeBelow, matchers } from 'livemig/testing';
      export const strategy: TransferStrategy = {
        name: 'mine',
        migrate: async (session, signal) => stopAndSendRest(session, session.memory.sync(), signal),
      };
      export const used: [readonly string[], Plot | null, object] = [accountings, null, matchers];
      export const downtimeMs = async (): Promise<number> => {
        const running: Running = run({ link: 'lan-1g', guest: '64MiB' }, { retries: 1 });
        running.events.subscribe((event) => event.type === 'round' && event.pagesSent.toFixed());
        const result: RunResult = await running;
        if (result.state === 'failed') throw new LivemigError(result.error.code, result.error.message);
        await using testbed = await openTestbed({ driver: 'sim' });
        const other = await testbed.run();
        assertDowntimeBelow(other, 300);
        return other.measurement.downtimeMs;
      };
    `;
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const check = (file: string, ...more: string[]) =>
      project.node(compiler, '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--lib', 'es2024,esnext.disposable', '--types', 'node', ...more, file); // prettier-ignore

    test('has types, which a strict compiler takes; a wrong use it refuses', async () => {
      await project.write('consumer.ts', consumer);
      expect(await check('consumer.ts')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
      await project.write('wrong.ts', consumer.replace("name: 'mine'", 'name: 1'));
      expect(await check('wrong.ts')).toMatchObject({
        exitCode: 2,
        stdout: expect.stringContaining('wrong.ts'),
      });
    });

    if (pnpmLacks !== null) test.skip(`installed by pnpm: ${pnpmLacks}`, () => undefined);
    else
      test('runs when pnpm has installed it, and finds the packages of its image', async () => {
        await using stored = await installedProject([packed.tarball], 'pnpm');
        const { stdout } = await stored.livemig('run', '--driver', 'sim', ...small, '--json');
        expect(JSON.parse(stdout)).toMatchObject({ state: 'completed' });
        const image = join(stored.directory, 'node_modules/livemig/dist/hosts/image');
        const found = packagesOf(image).map(({ to, id }) => [to, id.replace(/@[^@]*$/, '')]);
        expect(found).toContainEqual(['node_modules/@grpc/grpc-js', '@grpc/grpc-js']);
        // Two versions, as grpc-js has an older one.
        expect(found.filter(([, name]) => name === 'protobufjs')).toHaveLength(2);
      });

    describe('with a test runner beside it', () => {
      const examples = join(root, 'examples');
      /** How each example is tested, in its folder. */
      const runners = [
        { example: 'node-test', command: ['--test'] },
        { example: 'jest', command: ['--experimental-vm-modules', '../../node_modules/jest/bin/jest.js'] },
        { example: 'vitest', command: ['../../node_modules/vitest/vitest.mjs', 'run'] },
      ];
      beforeAll(async () => {
        const needed = await Promise.all(
          runners.map(async ({ example }) => {
            const text = await readFile(join(examples, example, 'package.json'), 'utf8');
            return Object.entries((JSON.parse(text) as Partial<Manifest>).devDependencies ?? {});
          }),
        );
        const names = needed.flat().map(([name, version]) => `${name}@${version}`);
        await project.install(...names);
        await cp(examples, join(project.directory, 'examples'), { recursive: true });
      });

      test.each(runners)(
        'the example for $example passes, and fails where the downtime is too long',
        async ({ example, command }) => {
          const folder = join('examples', example);
          expect(await project.nodeIn(folder, ...command)).toMatchObject({ exitCode: 0 });
          const name = (await readdir(join(project.directory, folder))).find((file) =>
            file.includes('.test.'),
          );
          const file = join(folder, name ?? '');
          const text = await readFile(join(project.directory, file), 'utf8');
          await project.write(file, text.replaceAll(/(DowntimeBelow\((?:result, )?)300\)/g, '$10.001)'));
          const { exitCode, stdout, stderr } = await project.nodeIn(folder, ...command);
          expect(exitCode).toBe(1);
          expect(stdout + stderr).toMatch(/expected a downtime below 0\.0 ms, got [\d.]+ ms/);
        },
      );

      test.each(['node-test', 'vitest'])('the example for %s has types', async (example) => {
        const file = join('examples', example, 'migration.test.ts');
        expect(await check(file, '--skipLibCheck')).toEqual({
          exitCode: 0,
          stdout: '',
          stderr: '',
        });
      });
    });
  });

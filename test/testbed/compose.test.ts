import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import { askEngine, connectEngine } from '#harness/testbed/docker/engine';
import { ensureBase } from '#harness/testbed/docker/image';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const project = `livemig-compose-${String(process.pid)}`;
const upTimeoutMs = 600_000;

/** The plugin of today's engines, or the older separate program (Debian's docker-compose). */
const findCompose = (): string[] | undefined =>
  [['docker', 'compose'], ['docker-compose']].find(
    ([program = '', ...args]) => spawnSync(program, [...args, 'version'], { stdio: 'ignore' }).status === 0,
  );

const engine = await askEngine();
const compose = findCompose();

if (!engine.answers) test.skip(`docker compose up: ${engine.reason}`, () => undefined);
else if (compose === undefined)
  test.skip('docker compose up: no Docker Compose here; apt-get install docker-compose', () => undefined);
else {
  const [program = '', ...before] = compose;
  const invoke = async (...args: string[]) =>
    run(program, [...before, '--project-name', project, ...args], {
      cwd: root,
      timeout: upTimeoutMs,
      maxBuffer: 64 << 20,
      env: {
        ...process.env,
        BASE_IMAGE: await ensureBase(connectEngine(), () => undefined),
        GATEWAY_MODE: engine.version.startsWith('27.') ? 'nat' : 'nat-unprotected',
        SCENARIO: 'scenarios/pre-copy.yaml',
        LIVEMIG_CONTROL_TOKEN: 'compose-test',
      },
    });

  const attempts = 3;

  /** What compose said of one migration; of another where a busy machine has spoiled it, and that is said. */
  const migrate = async (): Promise<string> => {
    for (let attempt = 1; ; attempt++)
      try {
        const up = [
          'up',
          '--build',
          '--no-color',
          '--abort-on-container-exit',
          '--exit-code-from',
          'migrate',
        ];
        return (await invoke(...up)).stdout;
      } catch (error) {
        const { stdout } = error as { stdout?: string };
        const isDisturbed = stdout !== undefined && /\binvalid: /.test(stdout);
        if (!isDisturbed || attempt === attempts) throw error;
        console.warn(`attempt ${attempt}: ${/\binvalid: .*/.exec(stdout)?.[0] ?? ''}`);
        await invoke('down', '--volumes', '--timeout', '2');
      }
  };

  describe('docker compose', () => {
    afterAll(() => invoke('down', '--volumes', '--timeout', '2'), upTimeoutMs);

    test(
      'up runs one migration and ends with it',
      async () => {
        const stdout = await migrate();
        expect(stdout).toMatch(/completed: pre-copy of a/);
        expect(stdout).toMatch(/0 mismatches/);
        expect(stdout).toContain('driver attach');
      },
      upTimeoutMs,
    );
  });
}

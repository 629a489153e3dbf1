import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runLivemig } from '#test/support/livemig-process';
import type { Outcome } from '#test/support/livemig-process';

const tiny = fileURLToPath(new URL('../../../support/tiny-sweep.yaml', import.meta.url));
const timeoutMs = 60_000;

const livemig = (...args: string[]): Promise<Outcome> => runLivemig(args);

describe('livemig sweep', () => {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'livemig-sweep-cli-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  test(
    '--dry-run says what would be run and roughly how long it takes, and touches nothing',
    async () => {
      const out = join(directory, 'none');
      const { code, stdout, stderr } = await livemig(
        'sweep',
        tiny,
        '--dry-run',
        '--out',
        out,
        '--repeats',
        '5',
      );
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain('grid  4 cells, 20 runs: link coleraine-dublin-1g lan-1g × stressMB 0 128');
      expect(stdout).toMatch(/20 runs to go in 4 blocks, about \d/);
      expect(existsSync(out)).toBe(false);
    },
    timeoutMs,
  );

  test(
    '--dry-run --json prints the plan in order, which is the same for the same seed',
    async () => {
      const plan = async (...args: string[]): Promise<unknown> => {
        const { stdout } = await livemig('sweep', tiny, '--dry-run', '--json', ...args);
        return (JSON.parse(stdout) as { plan: unknown }).plan;
      };
      const [first, same, other] = await Promise.all([plan(), plan(), plan('--seed', '4')]);
      expect(same).toEqual(first);
      expect(other).not.toEqual(first);
    },
    timeoutMs,
  );

  test(
    'reports every problem of file and command line at once, with exit code 2',
    async () => {
      const file = join(directory, 'bad.yaml');
      await writeFile(
        file,
        'name: a\nguestScale: 1\nrepeats: 1\nparts: { p: { grid: { link: [lan-10] } } }\n',
      );
      const args = ['--only', 'q', '--retries', 'x', '--frsh', '--json'];
      const { code, stdout, stderr } = await livemig('sweep', file, ...args);
      expect(code).toBe(2);
      const { error } = JSON.parse(stdout) as { error: { code: string; problems: string[] } };
      expect(error).toEqual({
        code: 'BAD_INPUT',
        message: expect.any(String),
        problems: [
          expect.stringMatching(/unknown option --frsh; did you mean --fresh/),
          expect.stringMatching(/^--retries: expected a whole number from 0 to 20, got "x"/),
          expect.stringMatching(/bad.yaml:1: seed: expected a whole number .* got nothing/),
          expect.stringMatching(/^--only: unknown part "q"/),
          expect.stringMatching(
            /bad.yaml:4: parts.p.grid.link.0: link: unknown link "lan-10"; did you mean "lan-10g"/,
          ),
        ],
      });
      expect(stderr).toContain('5 problems');
    },
    timeoutMs,
  );

  test(
    'an option for all cells is refused if the sweep varies the same setting',
    async () => {
      const { code, stderr } = await livemig('sweep', tiny, '--dry-run', '--link', 'lan-10g');
      expect(code).toBe(2);
      expect(stderr).toContain('--link: grid varies the link');
      expect((await livemig('sweep')).stderr).toContain('expected a sweep file');
    },
    timeoutMs,
  );
});

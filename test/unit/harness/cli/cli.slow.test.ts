import { describe, expect, test } from '@jest/globals';
import { runLivemig } from '#test/support/livemig-process';
import type { Outcome } from '#test/support/livemig-process';

/** The real command in a separate process; the time limit only guards against hanging. */
const livemig = (...args: string[]): Promise<Outcome> => runLivemig(args);

const timeoutMs = 60_000;

describe('livemig', () => {
  test(
    '--help explains itself, with examples',
    async () => {
      const { code, stdout } = await livemig('--help');
      expect(code).toBe(0);
      for (const word of ['run', 'sweep', 'doctor', 'calibrate', 'list', 'Examples:'])
        expect(stdout).toContain(word);
    },
    timeoutMs,
  );

  test.each(['run', 'sweep', 'doctor', 'calibrate', 'list'])(
    '%s --help',
    async (command) => {
      const { code, stdout } = await livemig(command, '--help');
      expect(code).toBe(0);
      expect(stdout).toContain(`livemig ${command}`);
      expect(stdout).toContain('--json');
    },
    timeoutMs,
  );

  test(
    'reports every problem of an input at once, with exit code 2 and nothing on standard output',
    async () => {
      const { code, stdout, stderr } = await livemig(
        ...[
          'run',
          'none.yaml',
          'extra',
          '--lnk',
          'lan-1g',
          '--link',
          'colerain-dublin',
          '--strategy',
          'hybird',
        ],
        ...[
          '--workload',
          'stres:64MiB',
          '--driver',
          'doker',
          '--backend',
          'nfqeue',
          '--guest',
          '1GB',
          '--repeat',
          'two',
          '--retries',
          '21',
        ],
      );
      expect(code).toBe(2);
      expect(stdout).toBe('');
      for (const text of [
        'unknown option --lnk; did you mean --link?',
        'unexpected argument "extra"',
        'none.yaml: there is no such file',
        'did you mean "coleraine-dublin"?',
        'did you mean "hybrid"?',
        'did you mean "stress"?',
        'did you mean "docker"?',
        'did you mean "nfqueue"?',
        'guest.ram: expected a size',
        'repeat: expected a whole number',
        '--retries: expected a whole number from 0 to 20, got "21"',
      ])
        expect(stderr).toContain(text);
      expect(stderr.trim().split('\n')).toHaveLength(12);
    },
    timeoutMs,
  );

  test(
    'with --json, bad input is one JSON document on standard output',
    async () => {
      const { code, stdout } = await livemig('run', '--json', '--link', 'colerain-dublin', '--seed', 'x');
      expect(code).toBe(2);
      const document = JSON.parse(stdout) as { error: { code: string; problems: string[] } };
      expect(document.error.code).toBe('BAD_INPUT');
      expect(document.error.problems).toHaveLength(2);
    },
    timeoutMs,
  );

  test.each([
    [['rnu'], 'did you mean "run"?'],
    [['list', 'strategis'], 'did you mean "strategies"?'],
    [['list'], 'expected what to list'],
    [['run', '--link'], 'needs a value'],
    [['doctor', '--jsn'], 'did you mean --json?'],
    [['calibrate', '--link', 'lan-1'], 'did you mean "lan-1g"?'],
  ])(
    '%j is bad input',
    async (args, text) => {
      const { code, stdout, stderr } = await livemig(...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(text);
    },
    timeoutMs,
  );

  test.each([
    ['links', 'coleraine-dublin'],
    ['strategies', 'post-copy'],
    ['workloads', 'stress'],
    ['drivers', 'netns'],
    ['backends', 'nfqueue'],
  ])(
    'list %s',
    async (what, name) => {
      const text = await livemig('list', what);
      expect(text.code).toBe(0);
      expect(text.stdout).toContain(name);
      const json = await livemig('list', what, '--json');
      const entries = (JSON.parse(json.stdout) as Record<string, { name: string }[]>)[what];
      expect(entries?.map((entry) => entry.name)).toContain(name);
    },
    timeoutMs,
  );
});

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runLivemig } from '#test/support/livemig-process';
import type { Outcome } from '#test/support/livemig-process';

const timeoutMs = 60_000;

const livemig = (...args: string[]): Promise<Outcome> => runLivemig(args);

let directory: string;
const at = (name: string): string => join(directory, name);
const guest = ['--driver', 'sim', '--link', 'lan-1g', '--guest', '16MiB,baseFootprint=4MiB', '--workload', 'cyclic:8MiB']; // prettier-ignore

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'livemig-prediction-'));
  const recorded = await livemig('record', ...guest, '--seconds', '4', '--out', at('a.dirty.zst'), '--json');
  expect(recorded.stderr).toContain('40 intervals in 4.0 s');
  expect(JSON.parse(recorded.stdout)).toMatchObject({ intervals: 40, driver: 'sim' });
}, timeoutMs);
afterAll(() => rm(directory, { recursive: true }));

test(
  'stores a prediction, compares it with a later run, and refuses it once changed',
  async () => {
    const xen = ['--strategy', 'pre-copy', '--convergence', 'xen'];
    const predicted = await livemig(
      'predict',
      at('a.dirty.zst'),
      '--start-at',
      '2000',
      '--out',
      at('p.json'),
    );
    expect(predicted).toMatchObject({ code: 0, stderr: '' });
    expect(predicted.stdout).toContain('pre-copy (xen) over lan-1g, predicted by hist from one start');
    await livemig('run', ...guest, ...xen, '--seed', '9', '--record-history', at('r.dirty.zst'), '--out', at('r.json')); // prettier-ignore
    const compared = await livemig('predict', at('p.json'), '--against', at('r.json'));
    expect(compared).toMatchObject({ code: 0, stderr: '' });
    expect(compared.stdout).toMatch(/total time: error \d+\.\d % on average/);
    const replayed = await livemig('predict', at('r.dirty.zst'), '--model', 'sim', '--strategy', 'hybrid', '--start-at', '2000'); // prettier-ignore
    expect(replayed).toMatchObject({ code: 0, stderr: '' });

    const text = await readFile(at('p.json'), 'utf8');
    await writeFile(at('changed.json'), text.replace(/"median": \d/, '"median": 9'));
    const refused = await livemig('predict', at('changed.json'), '--against', at('r.json'));
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('it was changed after it was made');
  },
  timeoutMs,
);

test(
  'plans, with exit code 1 when the answer is no',
  async () => {
    const sla = ['plan', 'sla', at('a.dirty.zst'), '--strategy', 'pre-copy'];
    expect(await livemig(...sla)).toMatchObject({ code: 0, stdout: expect.stringContaining('migrations, one every') }); // prettier-ignore
    expect(await livemig(...sla, '--max-gap', '1ms')).toMatchObject({ code: 1 });
    const power = ['--guests', at('a.dirty.zst'), '--idle-power', '120W', '--cpu-power', '35W'];
    expect(await livemig('plan', 'consolidate', ...power, '--horizon', '2h')).toMatchObject({ code: 0 });
    expect(await livemig('plan', 'consolidate', ...power, '--horizon', '1ms')).toMatchObject({ code: 1 });
  },
  timeoutMs,
);

test(
  'reports all problems of an input at once',
  async () => {
    const plan = await livemig('plan', 'consolidate', '--idle-power', 'much');
    expect(plan).toMatchObject({ code: 2, stdout: '' });
    for (const option of ['--guests', '--idle-power', '--cpu-power', '--horizon'])
      expect(plan.stderr).toContain(`${option}: expected`);
    const predict = await livemig(
      'predict',
      at('a.dirty.zst'),
      '--model',
      'hits',
      '--start-at',
      'soon',
      '--link',
      'lan-1',
    );
    expect(predict.code).toBe(2);
    for (const problem of ['did you mean "hist"', '--start-at: expected', 'did you mean "lan-1g"'])
      expect(predict.stderr).toContain(problem);
    const record = await livemig('record', '--seconds', '0', '--out', at('a.txt'));
    expect(record.code).toBe(2);
    for (const problem of ['--seconds: expected', '--out: expected a file that ends with .dirty.zst'])
      expect(record.stderr).toContain(problem);
  },
  timeoutMs,
);

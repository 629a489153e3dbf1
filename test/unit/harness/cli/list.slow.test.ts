import { expect, test } from '@jest/globals';
import { limits } from '#catalogue/limits';
import { loadProfile } from '#harness/profiles';
import { runLivemig } from '#test/support/livemig-process';

const listed = async (what: string): Promise<Record<string, unknown>[]> => {
  const { code, stdout } = await runLivemig(['list', what, '--json']);
  expect(code).toBe(0);
  return (JSON.parse(stdout) as Record<string, Record<string, unknown>[]>)[what] ?? [];
};
const named = async (what: string, name: string) =>
  (await listed(what)).find((entry) => entry['name'] === name);

test('limits have their range, unit, default, option and QEMU’s name', async () => {
  const { downtimeLimitMs } = limits;
  expect(await named('limits', 'downtimeLimitMs')).toMatchObject({
    kind: downtimeLimitMs!.kind,
    unit: 'ms',
    default: downtimeLimitMs!.default,
    least: expect.any(Number),
    most: expect.any(Number),
    option: expect.stringContaining('--downtime-limit'),
    takers: [],
  });
  expect(await named('limits', 'convergence')).toMatchObject({ among: expect.arrayContaining(['qemu', 'xen']) });
  expect(await listed('limits')).toHaveLength(Object.keys(limits).length);
}); // prettier-ignore

test('links have their figures', async () => {
  const { sourceToDestination } = loadProfile('coleraine-halifax');
  expect(await named('links', 'coleraine-halifax')).toMatchObject({ rttMs: 52.5, sourceToDestination });
});

test('workloads have their parameters, and capabilities their values', async () => {
  expect(await named('workloads', 'cyclic')).toMatchObject({
    parameters: { periodMs: { unit: 'ms', default: expect.any(Number) } },
  });
  expect(await named('capabilities', 'multifd')).toMatchObject({
    values: { least: expect.any(Number), most: expect.any(Number) },
    isOnByDefault: expect.any(Boolean),
  });
});

test('the text has names and meanings only', async () => {
  const { stdout } = await runLivemig(['list', 'links']);
  expect(stdout).toMatch(/^lan-1g +1 Gb\/s, RTT /m);
});

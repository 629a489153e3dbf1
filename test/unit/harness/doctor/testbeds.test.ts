import { expect, test } from '@jest/globals';
import { backendChecks, driverChecks } from '#harness/doctor/testbeds';
import { diagnosisText } from '#harness/report/diagnosis';

test('driver sim works everywhere, but does not by itself make a machine ready for real links', async () => {
  const drivers = await driverChecks();
  expect(drivers.map(({ name }) => name)).toEqual(['docker', 'netns', 'sim']);
  const sim = drivers.filter(({ name }) => name === 'sim');
  expect(sim).toMatchObject([{ group: 'driver', ok: true, found: 'models in virtual time', remedy: '' }]);
  expect(await backendChecks(sim)).toEqual([]);
  const text = diagnosisText({ ready: false, checks: sim });
  expect(text).toMatch(/^ {2}ok {7}sim +models in virtual time$/m);
  expect(text).toContain('can’t run migrations over a link');
});

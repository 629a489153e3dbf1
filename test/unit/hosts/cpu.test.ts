import { expect, test } from '@jest/globals';
import { cpuUsage, machineTimes } from '#hosts/cpu';

const stat = (line: string) => `${line}\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 12\n`;

test('idle is what nothing ran in: waiting for a disk counts, stolen time does not, a guest is no second count', () => {
  expect(machineTimes(stat('cpu  100 200 300 4000 500 10 20 70 100 5'))).toEqual({
    machineTotalS: 52,
    machineIdleS: 45,
  });
});

test.each([
  '',
  'cpu',
  'cpu0 1 2 3 4 5 6 7 8',
  'cpu  1 2 3 4 5 6 7',
  'cpu  1 2 3 x 5 6 7 8',
  'cpu  1 2 3 -4 5 6 7 8',
])('what is no first line of /proc/stat is refused: %j', (line) => {
  expect(() => machineTimes(stat(line))).toThrow('expected `cpu` and eight times');
});

test('a machine that computes is busy, and its idle time is no more than its time', () => {
  const before = cpuUsage();
  const until = performance.now() + 300;
  while (performance.now() < until);
  const after = cpuUsage();
  const totalS = after.machineTotalS - before.machineTotalS;
  const busyS = totalS - (after.machineIdleS - before.machineIdleS);
  expect(totalS).toBeGreaterThan(0);
  expect(busyS).toBeGreaterThan(0.1);
});

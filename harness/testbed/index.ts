import { LivemigError } from '#proto/errors';
import { unknownName } from '../nearest.ts';
import { bounded } from './bounded.ts';
import { openFilesProblem } from './open-files.ts';
import type { DriverName, TestbedDriver } from './testbed.ts';
import { driverNames } from './testbed.ts';

/** Loaded by need: the docker driver brings testcontainers, which takes a while to load and which netns has no use for. */
export const loadDriver = async (name: string): Promise<TestbedDriver> => {
  const known = driverNames.find((driver) => driver === name);
  switch (known) {
    case 'netns':
      return (await import('./netns/index.ts')).netnsDriver;
    case 'docker':
      return (await import('./docker/index.ts')).dockerDriver;
    case 'attach':
      return (await import('./attach.ts')).attachDriver;
    case 'sim':
      return (await import('./sim/driver.ts')).simDriver;
    case undefined: {
      const problem = unknownName('driver', name, driverNames);
      throw new LivemigError('BAD_INPUT', problem, { problems: [problem] });
    }
  }
};

/**
 * In the order in which `auto` tries them. `attach` and `sim` are never chosen for anyone: hosts that were started by
 * hand, and figures that nobody measured, have to be asked for.
 */
const automatic: readonly DriverName[] = ['docker', 'netns'];

/**
 * The driver that was asked for, or with `auto` docker where an engine answers and else netns.
 * @throws LivemigError UNSUPPORTED with the reasons, where this machine can't; BAD_INPUT for an unknown name.
 */
export const chooseDriver = async (name: DriverName | 'auto'): Promise<TestbedDriver> => {
  const tooFew = openFilesProblem();
  if (tooFew !== null) throw new LivemigError('UNSUPPORTED', tooFew);
  const reasons: string[] = [];
  for (const candidate of name === 'auto' ? automatic : [name]) {
    const driver = await loadDriver(candidate);
    const support = await bounded(driver).probe();
    if (support.supported) return driver;
    reasons.push(`${candidate}: ${support.reason}`);
  }
  throw new LivemigError(
    'UNSUPPORTED',
    `this machine can't run ${name === 'auto' ? 'any driver' : `the driver ${name}`} (${reasons.join('; ')}); ` +
      '`livemig doctor` says what it can and how to get the rest',
  );
};

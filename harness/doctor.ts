/** What this machine can do, found out by doing it. */
import type { Check, Diagnosis } from './doctor/check.ts';
import { machineChecks } from './doctor/machine.ts';
import { networkChecks } from './doctor/network.ts';
import { backendChecks, driverChecks } from './doctor/testbeds.ts';
import { toolChecks } from './doctor/tools.ts';

export type { Check, Diagnosis } from './doctor/check.ts';

const hasWorking = (checks: readonly Check[], group: Check['group']): boolean =>
  checks.some((check) => check.group === group && check.ok);

/** Never throws: what can't be found out is a check that failed, with the reason. */
export const diagnose = async (): Promise<Diagnosis> => {
  const drivers = await driverChecks();
  const backends = await backendChecks(drivers);
  const checks = [
    ...(await machineChecks()),
    ...drivers,
    ...backends,
    ...(await networkChecks()),
    ...(await toolChecks()),
  ];
  return { ready: hasWorking(checks, 'driver') && hasWorking(checks, 'backend'), checks };
};

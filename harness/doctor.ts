/** What this machine can do, found out by doing it. */
import type { Diagnosis } from './doctor/check.ts';
import { machineChecks } from './doctor/machine.ts';
import { networkChecks } from './doctor/network.ts';
import { backendChecks, driverChecks } from './doctor/testbeds.ts';
import { toolChecks } from './doctor/tools.ts';

export type { Diagnosis } from './doctor/check.ts';

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
  // A backend is tried on a driver with real links. Driver sim works everywhere, and says nothing about this machine.
  return { ready: backends.some(({ ok }) => ok), checks };
};

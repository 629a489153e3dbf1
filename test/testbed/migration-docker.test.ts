import { test } from '@jest/globals';
import { loadDriver } from '#harness/testbed/index';
import { migrationConformance } from '../conformance/migration.ts';

const driver = await loadDriver('docker');
const support = await driver.probe();

if (support.supported) migrationConformance(driver);
else test.skip(`migrations in docker: ${support.reason}`, () => undefined);

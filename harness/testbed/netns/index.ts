import type { TestbedDriver } from '../testbed.ts';
import { createNetnsDriver } from './driver.ts';

export type { NetnsDriverOptions } from './driver.ts';
export { createNetnsDriver };

/** The embedded driver: network namespaces, as root or through a user namespace. */
export const netnsDriver: TestbedDriver = createNetnsDriver();

import { isSharedDisk } from '#catalogue/disk-storages';
import type { Scenario } from '../scenario.ts';

/** Whether a scenario's testbed has a storage host. */
export const needsStorage = ({ guest: { disk } }: Pick<Scenario, 'guest'>): boolean => isSharedDisk(disk);

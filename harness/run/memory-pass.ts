import type { RunnableScenario } from './record.ts';

/** Filling memory with self-verifying pages, or comparing it, takes less than 1 s a GiB on a quiet machine. */
const memoryPassMsPerGibibyte = 10_000;
const leastTimeoutMs = 30_000;
/** Ends a hang of a pass over the guest's memory and disk; never a measurement. */
export const memoryPassTimeoutMs = ({ guest }: Pick<RunnableScenario, 'guest'>): number =>
  leastTimeoutMs + ((guest.ramBytes + (guest.disk?.sizeBytes ?? 0)) / 2 ** 30) * memoryPassMsPerGibibyte;

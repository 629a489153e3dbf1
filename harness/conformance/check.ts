import type { TransferStrategy } from '#hosts/ports';
import { messageOf } from '#proto/errors';
import { conformanceCases } from './cases.ts';

export interface Finding {
  name: string;
  /** What is wrong; null = nothing. */
  problem: string | null;
}

/** Holds a strategy to every case of the conformance suite, in this thread. @param told hears of each as it ends. */
export const checkStrategy = async (
  strategy: TransferStrategy,
  told: (finding: Finding) => void,
): Promise<void> => {
  for (const { name, check } of conformanceCases())
    told({ name, problem: await check(strategy).then(() => null, messageOf) });
};

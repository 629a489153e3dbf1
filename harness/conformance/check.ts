import type { TransferStrategy } from '../../hosts/ports.ts';
import { messageOf } from '../../proto/errors.ts';
import { conformanceCases } from './cases.ts';

export interface Finding {
  name: string;
  /** What is wrong; null = nothing. */
  problem: string | null;
}

/** Holds a strategy to every case of the conformance suite. @param told hears of each as it ends. */
export const checkStrategy = async (
  strategy: TransferStrategy,
  told: (finding: Finding) => void = () => undefined,
): Promise<Finding[]> => {
  const findings: Finding[] = [];
  for (const { name, check } of conformanceCases()) {
    const problem = await check(strategy).then(() => null, messageOf);
    findings.push({ name, problem });
    told({ name, problem });
  }
  return findings;
};

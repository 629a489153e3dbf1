import type { LinkLab } from '../support/link-lab.ts';

export interface LinkBackendCase {
  name: string;
  run(lab: LinkLab): Promise<void>;
}

/** A measured value that is out of its bounds: by the backend's fault, or by the machine's other work. */
export class OutOfBounds extends Error {}

export const assertBetween = (what: string, value: number, least: number, most: number): void => {
  if (value >= least && value <= most) return;
  throw new OutOfBounds(`${what}: expected ${String(least)} to ${String(most)}, got ${String(value)}`);
};

const usualAttempts = 3;

/**
 * Runs a case. If a measured value is out of bounds, says so and runs it again: a wrong backend is wrong every time.
 * Anything else fails at once.
 */
export const runCase = async (
  { name, run }: LinkBackendCase,
  lab: LinkLab,
  say: (line: string) => void,
  attempts = usualAttempts,
): Promise<void> => {
  for (let attempt = 1; ; attempt += 1)
    try {
      await run(lab);
      return;
    } catch (error) {
      if (!(error instanceof OutOfBounds) || attempt === attempts) throw error;
      say(`attempt ${String(attempt)} at “${name}”: ${error.message}`);
    }
};

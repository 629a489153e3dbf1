import type { RunResult } from '../../result.ts';
import type { Contradiction } from '../../trends/contradictions/index.ts';
import type { TrendVerdict } from '../../trends/verdict.ts';

/** Everything that the page tells. */
export interface ReportInput {
  title: string;
  /** ISO 8601. */
  generatedAt: string;
  livemigVersion: string;
  runs: readonly RunResult[];
  verdicts: readonly TrendVerdict[];
  contradictions: readonly Contradiction[];
  /** What scaling does not preserve, and which sweeps stand together. */
  notes: readonly string[];
}

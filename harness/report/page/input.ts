import type { RunResult } from '../../result.ts';
import type { Judgement } from '../../trends/judgement.ts';

/** Everything that the page tells. */
export interface ReportInput {
  title: string;
  /** ISO 8601. */
  generatedAt: string;
  livemigVersion: string;
  runs: readonly RunResult[];
  /** What `livemig validate` says of these runs. */
  judgement: Judgement;
}

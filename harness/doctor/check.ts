/** One thing a machine has or lacks. */
export interface Check {
  name: string;
  group: 'machine' | 'driver' | 'backend' | 'network' | 'tool';
  ok: boolean;
  /** What was found. */
  found: string;
  /** What it is for, and how to get it where it is missing; empty where there is nothing to do. */
  remedy: string;
}

export interface Diagnosis {
  /** Whether `livemig run` can work here: a driver, and in it a link backend. */
  ready: boolean;
  checks: Check[];
}

/** Something a machine has or lacks. */
export interface Check {
  name: string;
  group: 'machine' | 'driver' | 'backend' | 'network' | 'tool';
  ok: boolean;
  /** What was found. */
  found: string;
  /** What it is for, and how to get it; empty if nothing needs doing. */
  remedy: string;
}

export interface Diagnosis {
  /** Whether `livemig run` works here over a link: a driver with real hosts, and a link backend in it. */
  ready: boolean;
  checks: Check[];
}

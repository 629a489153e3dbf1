/**
 * A run in the Trace Event Format of Chrome, which Perfetto and chrome://tracing show. Its times are µs after the start of
 * the migration; what came before has negative ones.
 */
export interface Trace {
  traceEvents: TraceEvent[];
  displayTimeUnit: 'ms';
  otherData: Record<string, string>;
}

/** M: a name; X: a slice; i: a moment; C: counters; b and e: the ends of a slice that may overlap others. */
export interface TraceEvent {
  ph: 'M' | 'X' | 'i' | 'C' | 'b' | 'e';
  name: string;
  pid: number;
  tid: number;
  ts?: number;
  dur?: number;
  /** Of a moment: it concerns its process, or its thread. */
  s?: 'p' | 't';
  /** Of the ends of a slice: those of one category, process and id belong together. */
  cat?: string;
  id?: string;
  args?: Record<string, unknown>;
}

/** What is shown beside each other: a process each, with its tracks. */
export const tracks = {
  run: { pid: 1, name: 'run', threads: ['stages', 'migration status', 'timeline'] },
  source: { pid: 2, name: 'source', threads: ['rounds', 'guest', 'messages sent', 'messages received'] },
  switchover: { pid: 3, name: 'switchover', threads: ['downtime', 'its parts'] },
  destination: { pid: 4, name: 'destination', threads: ['guest', 'messages sent', 'messages received'] },
  link: { pid: 5, name: 'link', threads: ['cuts and recovery', 'throughput'] },
  observer: { pid: 6, name: 'observer', threads: ['pings'] },
} as const;
export type Track = keyof typeof tracks;

export const us = (ms: number): number => Math.round(ms * 1000);

export const slice = (of: Track, thread: number, name: string, startMs: number, durationMs: number, args = {}): TraceEvent => ({
  ph: 'X', name, pid: tracks[of].pid, tid: thread, ts: us(startMs), dur: Math.max(0, us(durationMs)), args,
}); // prettier-ignore

export const moment = (of: Track, thread: number, name: string, atMs: number, args = {}): TraceEvent => ({
  ph: 'i', name, pid: tracks[of].pid, tid: thread, ts: us(atMs), s: 'p', args,
}); // prettier-ignore

export const counter = (of: Track, name: string, atMs: number, values: Record<string, number>): TraceEvent => ({
  ph: 'C', name, pid: tracks[of].pid, tid: 0, ts: us(atMs), args: values,
}); // prettier-ignore

export const nameOfThread = (pid: number, tid: number, name: string): TraceEvent => ({
  ph: 'M', name: 'thread_name', pid, tid, args: { name },
}); // prettier-ignore

export const namesOfTracks = (): TraceEvent[] =>
  Object.values(tracks).flatMap(({ pid, name, threads }): TraceEvent[] => [
    { ph: 'M', name: 'process_name', pid, tid: 0, args: { name } },
    { ph: 'M', name: 'process_sort_index', pid, tid: 0, args: { sort_index: pid } },
    ...threads.map((thread, tid) => nameOfThread(pid, tid, thread)),
  ]); // prettier-ignore

import type { AgentEvent } from '#proto/events';

/** The way of a run: up → link → calibrate → boot → warm-up → migrate → collect → verify → down. */
export const runPhases = [
  'up',
  'link',
  'calibrate',
  'boot',
  'warm-up',
  'migrate',
  'collect',
  'verify',
  'down',
] as const;
export type RunPhase = (typeof runPhases)[number];

/**
 * What a run does in its testbed, from its going up to its going down. Actors start before the work of one of these, and
 * stop after it.
 */
export const stageNames = [
  'link',
  'boot',
  'warm-up',
  'migrate',
  'collect',
  'verify',
] as const satisfies RunPhase[];
export type StageName = (typeof stageNames)[number];

/** A phase of the run begins. */
export interface PhaseEvent {
  type: 'phase';
  /** CLOCK_MONOTONIC in ms. */
  atMs: number;
  phase: RunPhase;
  detail?: string;
}

/** An entry of the scenario's timeline was begun, or was not done. */
export interface TimelineEvent {
  type: 'timeline';
  atMs: number;
  /** Its place in the timeline, from 0. */
  entry: number;
  text: string;
}

/** The one stream that progress and store subscribe to: the agents' events and the harness's own phases. */
export type RunEvent = AgentEvent | PhaseEvent | TimelineEvent;

/** Where the events go: an rxjs Subject is one. */
export interface RunEventSink {
  next(event: RunEvent): void;
}

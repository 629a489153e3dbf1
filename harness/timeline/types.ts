import type { AdjustableLimits } from '#catalogue/limits';
import type { SwitchoverOrder } from '#proto/strategy';
import type { LinkChange } from '../link-change.ts';

/** The parts of a scenario's timeline: what is done to a run, and when. */

/** The hosts by the names that people know them by. */
export const killableHosts = ['source', 'destination', 'router', 'observer'] as const;
export type KillableHost = (typeof killableHosts)[number];

/** KILL ends the host's agent, STOP holds it up until `forMs` have passed. */
export const killSignals = ['KILL', 'STOP'] as const;
export type KillSignal = (typeof killSignals)[number];

/** What a migration can be told, under the names of the commands that tell it. */
export const plainOrders = ['start-postcopy', 'force-switchover', 'cancel', 'continue'] as const;
export type PlainOrder = (typeof plainOrders)[number];

/** What a migration that takes too long can be told. */
export const timeoutActions = [
  'force-switchover',
  'start-postcopy',
  'cancel',
] as const satisfies readonly PlainOrder[];
export type TimeoutAction = (typeof timeoutActions)[number];

/** What the source's agent calls the orders that end pre-copy. */
export const switchoverOf: Partial<Record<PlainOrder, SwitchoverOrder>> = {
  'force-switchover': 'force',
  'start-postcopy': 'postcopy',
};

export type TimelineAction =
  | { do: 'link'; change: LinkChange }
  /** The path of a file with changes that follow each other. */
  | { do: 'link'; trace: string }
  | { do: 'cut'; forMs: number }
  | { do: 'kill'; host: KillableHost; signal: KillSignal; forMs?: number }
  | { do: 'set'; limits: Partial<AdjustableLimits> }
  | { do: PlainOrder };

/** `at` is a moment's text (moment.ts). */
export type TimelineEntry = { at: string } & TimelineAction;

export const actionNames = ['link', 'cut', 'kill', 'set', ...plainOrders] as const;
export type ActionName = (typeof actionNames)[number];

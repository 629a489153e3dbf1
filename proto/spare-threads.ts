/**
 * Environment of an agent that has time before its first order, as those have that a kept testbed gets after a run: with
 * `1`, it has threads for a guest ready before it serves.
 */
export const spareThreadsVariable = 'LIVEMIG_SPARE_THREADS';

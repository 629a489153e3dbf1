import type { CompletedRun } from '../result.ts';
import { figureText } from './figure-rows.ts';

/** A row for each host with a quota of CPU time: label, its load, detail. */
export const hostLoadRows = ({
  measurement: { hostLoad },
}: CompletedRun): (readonly [label: string, figure: string, detail: string])[] =>
  hostLoad === undefined
    ? []
    : (['source', 'destination'] as const).map((host) => {
        const { share, achieved, throttledMs, agentCores } = hostLoad[host];
        const text = (name: string, value: number): string =>
          figureText(`measurement.hostLoad.${host}.${name}`, value);
        return [
          `${host === 'source' ? 'source' : 'dest.'} load`,
          text('achieved', achieved),
          `of the quota, ${text('share', share)} wanted · throttled ${text('throttledMs', throttledMs)} · the agent and its vCPUs had ${text('agentCores', agentCores)} of a core`,
        ];
      });

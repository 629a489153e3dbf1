import type { ControlHandlers } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { Bottlenecks } from './backend.ts';
import { FlowCounter } from './flow-counter.ts';
import { QdiscCounters } from './qdisc-counters.ts';

interface Counting {
  link: QdiscCounters;
  out: FlowCounter;
  back: FlowCounter;
}

/** The router's methods that count traffic apart. @param bottlenecks of the link, which it has to be asked for anew */
export const trafficCounting = (
  bottlenecks: () => Bottlenecks,
): {
  handlers: Required<Pick<ControlHandlers, 'countTraffic' | 'trafficCounters'>>;
  close: () => void;
} => {
  let counting: Counting | null = null;
  const open: { close: () => void }[] = [];
  const close = (): void => {
    for (const each of open.splice(0)) each.close();
    counting = null;
  };
  const opened = <T extends { close: () => void }>(counter: T): T => {
    open.push(counter);
    return counter;
  };
  return {
    handlers: {
      countTraffic: async ({ flows }) => {
        const { sourceToDestination, destinationToSource } = bottlenecks();
        close();
        if (flows.length === 0) return {};
        try {
          counting = {
            link: opened(new QdiscCounters([sourceToDestination, destinationToSource])),
            out: opened(new FlowCounter(sourceToDestination, flows)),
            back: opened(new FlowCounter(destinationToSource, flows)),
          };
        } catch (error) {
          close();
          throw error;
        }
        return {};
      },
      trafficCounters: async () => {
        if (counting === null)
          throw new LivemigError('ILLEGAL_PHASE', 'trafficCounters: expected countTraffic before');
        const { link, out, back } = counting;
        const [toDestinationBytes = 0, toSourceBytes = 0] = link.read();
        return {
          toDestinationBytes,
          toSourceBytes,
          trafficToDestinationBytes: out.read(),
          trafficToSourceBytes: back.read(),
        };
      },
    },
    close,
  };
};

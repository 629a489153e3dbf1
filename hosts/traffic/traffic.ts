import { LivemigError } from '#proto/errors';
import type { TrafficEnd } from '#proto/traffic';
import { trafficFlowsMax } from '#proto/traffic';
import { HelperProcess } from '../helper-process.ts';
import type { Traffic } from '../house.ts';

const isReady = (answer: object): answer is { ready: true } => 'ready' in answer;
const isSamples = (answer: object): answer is { samples: Uint8Array } => 'samples' in answer;

/** Each end of a flow is a process. */
export const createTraffic = (): Traffic => {
  const flows = new Map<number, HelperProcess>();
  let isClosed = false;

  const start = async (end: TrafficEnd): Promise<void> => {
    if (isClosed) throw new LivemigError('CANCELLED', 'the host closes, and its traffic with it');
    if (flows.has(end.port) || flows.size >= trafficFlowsMax) {
      const problem = `startTraffic: expected a port of its own, and at most ${trafficFlowsMax} flows, got port ${end.port} beside ${[...flows.keys()].join(', ')}`;
      throw new LivemigError('BAD_INPUT', problem, { problems: [problem] });
    }
    const flow = new HelperProcess('traffic', new URL(import.meta.resolve('#hosts/traffic/process')));
    flows.set(end.port, flow);
    try {
      await flow.ask({ begin: end }, isReady);
    } catch (error) {
      flows.delete(end.port);
      await flow.end();
      throw error;
    }
  };

  const stop = async (port: number): Promise<Buffer> => {
    const flow = flows.get(port);
    if (flow === undefined)
      throw new LivemigError('ILLEGAL_PHASE', `stopTraffic: no traffic goes on at port ${port}`);
    flows.delete(port);
    try {
      const { samples } = await flow.ask({ end: true }, isSamples);
      return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
    } finally {
      await flow.end();
    }
  };

  return {
    handlers: {
      startTraffic: async (end) => {
        await start(end);
        return {};
      },
      stopTraffic: async ({ port }) => {
        const blob = await stop(port);
        return { result: { bytes: blob.length }, blob };
      },
    },
    close: async () => {
      isClosed = true;
      await Promise.all([...flows.values()].map((flow) => flow.end()));
      flows.clear();
    },
  };
};

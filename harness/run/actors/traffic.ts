import { LivemigError } from '#proto/errors';
import type { LinkProfile } from '#proto/link';
import { mtuBytesOf } from '#proto/link';
import type { TrafficConfig, TrafficEnd, TrafficSamples } from '#proto/traffic';
import { decodeTrafficSamples, trafficWindowMaxBytes } from '#proto/traffic';
import { bandwidthDelayProductBytes } from '#proto/units';
import type { TrafficEvidence } from '#harness/measure/traffic';
import type { RunActor } from '../actor.ts';
import type { Run } from '../context.ts';
import { countedFlowsOf, trafficPortOf } from '../counted-flows.ts';
import { pass } from '../migration.ts';

/** Until a flow has its rate: TCP's slow start takes a dozen round trips. */
const settleLeastMs = 300;
const settleRoundTrips = 20;
/** Starting a process, and ending it: each flow has two. */
const processMs = 5_000;

const bytesIn = (rateMbps: number, ms: number): number => (rateMbps * 1000 * ms) / 8;

/** The larger of what the round trip holds at the flow's rate and what the bottleneck buffers. */
const windowBytesOf = (
  { windowBytes, rateMbps, packetBytes, from }: TrafficConfig,
  profile: LinkProfile,
  rttMs: number,
): number => {
  if (windowBytes !== 'auto') return windowBytes;
  const { rateMbps: linkMbps, bufferMs } =
    profile[from === 'source' ? 'sourceToDestination' : 'destinationToSource'];
  const wanted = Math.max(bandwidthDelayProductBytes(rateMbps, rttMs), bytesIn(linkMbps, bufferMs));
  return Math.min(trafficWindowMaxBytes, Math.max(packetBytes, Math.ceil(wanted)));
};

const otherOf = { source: 'destination', destination: 'source' } as const;

const endOf = (run: Run, config: TrafficConfig, nth: number, initiates: boolean): TrafficEnd => {
  const { topology, profile, link } = run;
  const { kind, from, direction, rateMbps, packetBytes } = config;
  const here = initiates ? from : otherOf[from];
  return {
    kind,
    port: trafficPortOf(nth),
    address: topology[here].address,
    peer: topology[otherOf[here]].address,
    initiates,
    bothWays: direction === 'both',
    rateMbps,
    packetBytes,
    windowBytes: windowBytesOf(config, profile, link.value.calibration.rttMs),
    mtuBytes: mtuBytesOf(profile),
  };
};

/** The traffic that shares the link with the migration, from before the warm-up until after the migration. */
export const traffic = () => {
  const started: { nth: number; host: 'source' | 'destination' }[] = [];
  let steadyFromMs = 0;
  let seen: TrafficEvidence | null = null;

  const settleMsOf = ({ link }: Run): number =>
    Math.max(settleLeastMs, settleRoundTrips * link.value.calibration.rttMs);

  return {
    from: 'warm-up',
    until: 'collect',
    takesMs: (run) => settleMsOf(run) + 2 * processMs * (run.scenario.traffic?.length ?? 0),
    start: async (run) => {
      const { traffic: flows = [] } = run.scenario;
      const counted = countedFlowsOf(run.scenario, mtuBytesOf(run.profile));
      if (counted.length > 0) await run.clients.wan.call('countTraffic', { flows: counted });
      if (flows.length === 0) return;
      for (const [nth, config] of flows.entries())
        // Who answers has to be there first.
        for (const initiates of [false, true]) {
          const host = initiates ? config.from : otherOf[config.from];
          await run.clients[host].call('startTraffic', endOf(run, config, nth, initiates));
          started.push({ nth, host });
        }
      await pass(run, settleMsOf(run));
      steadyFromMs = run.clock.nowMs();
    },
    stop: async ({ clients, scenario, profile }, how) => {
      const { traffic: flows = [] } = scenario;
      const samples = new Map<string, TrafficSamples>();
      const problems: unknown[] = [];
      // Those that send first, so that nothing is on its way to nobody.
      for (const { nth, host } of started.splice(0).toReversed())
        try {
          const { blob } = await clients[host].callWithBlob('stopTraffic', { port: trafficPortOf(nth) });
          samples.set(`${host} ${nth}`, decodeTrafficSamples(blob));
        } catch (error) {
          problems.push(error);
        }
      if (problems.length > 0) throw problems[0] as Error;
      if (how === 'abandoned' || flows.length === 0) return;
      const samplesOf = (host: string, nth: number): TrafficSamples => {
        const its = samples.get(`${host} ${nth}`);
        if (its === undefined) throw new LivemigError('INTERNAL', 'expected every flow to have two ends');
        return its;
      };
      seen = {
        steadyFromMs,
        mtuBytes: mtuBytesOf(profile),
        flows: flows.map((config, nth) => ({
          config,
          initiator: samplesOf(config.from, nth),
          responder: samplesOf(otherOf[config.from], nth),
        })),
      };
    },
    collect: async (): Promise<TrafficEvidence | null> => seen,
  } satisfies RunActor;
};

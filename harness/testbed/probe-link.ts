/** What a link between two hosts does, measured by their agents. */
import type { RttProbeResult } from '#proto/control';
import { codeOf } from '#proto/errors';
import type { LinkDirection, LinkProfile } from '#proto/link';
import type { AgentPort } from '../agent-port.ts';
import type { RttPlan, ThroughputPlan } from './probe-plan.ts';
import { drainPlanOf, patientPlan, rttPlanOf, throughputPlanOf, warmUpPlanOf } from './probe-plan.ts';
import type { PacketTrain } from './packet-train.ts';
import { judgedTrain, trainPlanOf } from './packet-train.ts';
import type { Topology } from './testbed.ts';
import { expectedGoodputMbps, goodputReasons, packetReasons } from './tolerance.ts';

export interface ProbeOptions {
  clients: { source: AgentPort; destination: AgentPort; wan: AgentPort };
  topology: Topology;
  profile: LinkProfile;
}

const maxAttempts = 3;
/** For a call beyond what it is asked to do. */
const callSlackMs = 10_000;

const probeRtt = (
  from: AgentPort,
  target: { address: string; port: number },
  plan: RttPlan & { enough?: number },
): Promise<RttProbeResult> =>
  from.call(
    'probeRtt',
    { ...target, ...plan },
    { timeoutMs: plan.count * plan.intervalMs + plan.patienceMs + callSlackMs },
  );

/** Round trips that nobody looks at. That none came back, those that are looked at will say. */
const probeUnseen = async (...probe: Parameters<typeof probeRtt>): Promise<void> => {
  try {
    await probeRtt(...probe);
  } catch (error) {
    if (codeOf(error) !== 'LINK_OUT_OF_TOLERANCE') throw error;
  }
};

/** After a few round trips that warm both processes up. @param profile what the link is set to now. */
export const measureRtt = async (
  { clients, topology, profile }: ProbeOptions,
  plan = rttPlanOf(profile),
): Promise<RttProbeResult> => {
  const { address } = topology.destination;
  const { udpPort: port } = await clients.destination.call('probeServe', { address });
  await probeUnseen(clients.source, { address, port }, warmUpPlanOf(profile));
  return probeRtt(clients.source, { address, port }, plan);
};

/** What becomes of a train of probes: null where nothing but their delay is left to chance. */
export const measureTrain = async ({
  clients,
  topology,
  profile,
}: ProbeOptions): Promise<PacketTrain | null> => {
  const plan = trainPlanOf(profile);
  if (plan === null) return null;
  const { address } = topology.destination;
  const { udpPort: port } = await clients.destination.call('probeServe', { address });
  return judgedTrain(profile, plan, await probeRtt(clients.source, { address, port }, plan));
};

interface Way {
  from: AgentPort;
  target: { address: string; port: number };
  direction: LinkDirection;
  plan: ThroughputPlan;
  what: string;
}

/** Throughput from one host to the other, repeated while it is out of tolerance; if it stays so, the nearest one. */
const probeThroughput = async (
  { from, target, direction, plan, what }: Way,
  profile: LinkProfile,
  drain: () => Promise<void>,
): Promise<{ goodputMbps: number; attempts: number; reasons: string[] }> => {
  const distance = (mbps: number): number => Math.abs(mbps - expectedGoodputMbps(direction));
  let nearestMbps = Infinity;
  for (let attempts = 1; ; attempts += 1) {
    // Where noise ended slow start early, the window needs longer to grow; where it disturbed the measurement, a longer
    // one is disturbed less.
    const patient = patientPlan(plan, profile, attempts);
    const isLast = attempts === maxAttempts;
    try {
      const timeoutMs = patient.patienceMs + callSlackMs;
      const { goodputMbps } = await from.call('probeThroughput', { ...target, ...patient }, { timeoutMs });
      if (distance(goodputMbps) < distance(nearestMbps)) nearestMbps = goodputMbps;
    } catch (error) {
      // A link that loses much may lose a connection.
      if (codeOf(error) !== 'LINK_OUT_OF_TOLERANCE' || (isLast && nearestMbps === Infinity)) throw error;
    }
    await drain();
    const reasons = goodputReasons(what, profile, direction, nearestMbps);
    if (reasons.length === 0 || isLast) return { goodputMbps: nearestMbps, attempts, reasons };
  }
};

/** The mean size of the packets that cross to the destination while something is sent there, in bytes on the wire. */
const packetBytesDuring = async <T>(wan: AgentPort, act: () => Promise<T>): Promise<[T, number]> => {
  const before = (await wan.call('linkCounters', {})).sourceToDestination;
  const result = await act();
  const after = (await wan.call('linkCounters', {})).sourceToDestination;
  return [result, (after.bytes - before.bytes) / (after.packets - before.packets)];
};

/** Both ways, one after the other: together they would share the hosts' CPUs. */
export const measureThroughput = async ({ clients, topology, profile }: ProbeOptions) => {
  const { source, destination } = clients;
  const [sourceServes, destinationServes] = await Promise.all([
    source.call('probeServe', { address: topology.source.address }),
    destination.call('probeServe', { address: topology.destination.address }),
  ]);
  const drainPlan = drainPlanOf(profile);
  const echo = { address: topology.destination.address, port: destinationServes.udpPort };
  const drain = async (): Promise<void> => {
    if (drainPlan !== null) await probeUnseen(source, echo, drainPlan);
  };
  const measure = (way: Omit<Way, 'plan'>, leastMs: number) =>
    probeThroughput({ ...way, plan: throughputPlanOf(profile, way.direction, leastMs) }, profile, drain);
  const there = () =>
    measure(
      {
        from: source,
        target: { address: topology.destination.address, port: destinationServes.tcpPort },
        direction: profile.sourceToDestination,
        what: 'source to destination',
      },
      500,
    );
  // Whoever leaves the MTU as it is isn't asked what it is.
  const isNarrow = profile.sourceToDestination.mtuBytes !== undefined;
  const [forward, packetBytes] = isNarrow
    ? await packetBytesDuring(clients.wan, there)
    : [await there(), null];
  const backward = await measure(
    {
      from: destination,
      target: { address: topology.source.address, port: sourceServes.tcpPort },
      direction: profile.destinationToSource,
      what: 'destination to source',
    },
    250,
  );
  return {
    goodputMbps: forward.goodputMbps,
    reverseGoodputMbps: backward.goodputMbps,
    throughputAttempts: Math.max(forward.attempts, backward.attempts),
    ...(packetBytes === null ? {} : { packetBytes }),
    reasons: [
      ...forward.reasons,
      ...backward.reasons,
      ...(packetBytes === null ? [] : packetReasons(profile, packetBytes)),
    ],
  };
};

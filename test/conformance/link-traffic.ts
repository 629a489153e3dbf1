/** Links and traffic over them, for the suite of the link backends. */
import type { ApplyLinkArguments } from '#proto/control';
import type { KernelBackendName, LinkDirection, LinkProfile } from '#proto/link';
import type { LabHost, LinkLab } from '../support/link-lab.ts';

interface Trace {
  order: number[];
  rttMs: number[];
}

const direction: LinkDirection = { rateMbps: 100, delayMs: 5, jitterMs: 0, lossPercent: 0, bufferMs: 20 };

/** 100 Mb/s and 10 ms there and back, but for what is given. */
export const linkOf = (
  forward: Partial<LinkDirection>,
  backward: Partial<LinkDirection> = {},
): LinkProfile => ({
  name: 'conformance',
  description: 'made for the conformance suite',
  sourceToDestination: { ...direction, ...forward },
  destinationToSource: { ...direction, ...backward },
});

export const applyLink = (
  lab: LinkLab,
  backend: KernelBackendName,
  profile: LinkProfile,
  how: Pick<ApplyLinkArguments, 'isLive' | 'mayHitPackets'> = {},
) =>
  lab.clients.wan.call('applyLink', {
    profile,
    backend,
    delayCorrectionMs: 0,
    seed: 1,
    interfaces: lab.topology.router,
    ...how,
  });

/** Numbered datagrams to a host's echo and back. */
export const trace = async (
  lab: LinkLab,
  from: LabHost,
  to: 'source' | 'destination',
  count: number,
  intervalMs: number,
): Promise<Trace> => {
  const { address } = lab.topology[to];
  const { udpPort } = await lab.clients[to].call('probeServe', { address });
  return lab.script<Trace>(from, 'udp-trace.ts', address, udpPort, count, intervalMs);
};

/** So many bytes of TCP payload from source to destination. */
export const volume = async (lab: LinkLab, bytes: number): Promise<void> => {
  const { address } = lab.topology.destination;
  const { tcpPort } = await lab.clients.destination.call('probeServe', { address });
  await lab.script('source', 'tcp-volume.ts', address, tcpPort, bytes);
};

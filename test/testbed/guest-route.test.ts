import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { command } from '#hosts/command';
import { createLinkLab } from '../support/link-lab.ts';
import type { LinkLab } from '../support/link-lab.ts';

interface Announced {
  tookMs: number | null;
  startedAtMs: number;
}

const canMakeNamespaces = await command(['unshare', '--net', 'true']).then(
  () => true,
  () => false,
);

(canMakeNamespaces ? describe : describe.skip)("the guest's route", () => {
  let lab: LinkLab;
  beforeAll(async () => {
    lab = await createLinkLab();
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });
  const route = () => {
    const { topology } = lab;
    return lab.clients.wan.call('routeGuest', {
      guestAddress: topology.guestAddress,
      source: topology.source.address,
      destination: topology.destination.address,
      announceAddress: topology.router.towardsDestination,
    });
  };
  const gatewayNow = () => lab.run('router', 'ip', 'route', 'show', lab.topology.guestAddress);
  const announceFrom = (host: 'source' | 'destination', port: number, guest = lab.topology.guestAddress) =>
    lab.script<Announced>(
      host,
      'announce.ts',
      lab.topology[host].address,
      lab.topology.router.towardsDestination,
      port,
      guest,
    );

  /** The fastest of a few: what a stalled machine adds to one, it doesn't add to all. */
  const fastestMoveMs = async (): Promise<number> => {
    const tookMs: number[] = [];
    for (let time = 0; time < 5; time++) {
      const { port } = await route();
      const { startedAtMs } = await announceFrom('destination', port);
      const { atMs } = await lab.clients.wan.call('guestRouteMoved', {});
      tookMs.push((atMs ?? NaN) - startedAtMs);
    }
    return Math.min(...tookMs);
  };

  test('leads to the source, then to the destination once it announces the guest', async () => {
    const { port } = await route();
    expect(await gatewayNow()).toContain(`via ${lab.topology.source.address}`);
    expect(await lab.clients.wan.call('guestRouteMoved', {})).toEqual({ atMs: null });
    const { tookMs, startedAtMs } = await announceFrom('destination', port);
    expect(tookMs).not.toBeNull();
    expect(await gatewayNow()).toContain(`via ${lab.topology.destination.address}`);
    const { atMs } = await lab.clients.wan.call('guestRouteMoved', {});
    expect((atMs ?? NaN) - startedAtMs).toBeGreaterThan(0);
    expect(await fastestMoveMs()).toBeLessThan(50);
  });

  test('ignores an announcement by another host or of another guest', async () => {
    const { port } = await route();
    expect(await announceFrom('source', port)).toMatchObject({ tookMs: null });
    expect(await announceFrom('destination', port, '10.99.200.2')).toMatchObject({ tookMs: null });
    expect(await gatewayNow()).toContain(`via ${lab.topology.source.address}`);
    expect(await lab.clients.wan.call('guestRouteMoved', {})).toEqual({ atMs: null });
  });

  test('is not delayed by the WAN: an announcement does not cross it', async () => {
    const far = { rateMbps: 100, delayMs: 100, jitterMs: 0, lossPercent: 0, bufferMs: 50 };
    await lab.clients.wan.call('applyLink', {
      profile: { name: 'far', description: 'far', sourceToDestination: far, destinationToSource: far },
      backend: 'nfqueue',
      delayCorrectionMs: 0,
      seed: 1,
      interfaces: lab.topology.router,
    });
    expect(await fastestMoveMs()).toBeLessThan(50);
  });
});

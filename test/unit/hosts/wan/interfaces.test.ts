import { expect, test } from '@jest/globals';
import type { NetworkInterfaceInfo } from 'node:os';
import { findInterfaces } from '#hosts/wan/interfaces';

const info = (address: string): NetworkInterfaceInfo => ({
  address,
  netmask: '255.255.255.0',
  family: 'IPv4',
  mac: '00:00:00:00:00:00',
  internal: false,
  cidr: `${address}/24`,
});

const ports = { towardsSource: '10.1.0.1', towardsDestination: '10.2.0.1', towardsObserver: '10.1.0.1' };

test('source and observer may share an interface', () => {
  expect(findInterfaces(ports, { eth0: [info('10.1.0.1')], eth1: [info('10.2.0.1')] })).toEqual({
    towardsSource: 'eth0',
    towardsDestination: 'eth1',
    towardsObserver: 'eth0',
  });
});

test('an address on no interface is refused, and the existing ones are listed', () => {
  expect(() => findInterfaces(ports, { eth0: [info('10.1.0.1')] })).toThrow(
    expect.objectContaining({
      code: 'LINK_NOT_APPLIED',
      message: expect.stringMatching(/10\.2\.0\.1.*10\.1\.0\.1/),
    }),
  );
});

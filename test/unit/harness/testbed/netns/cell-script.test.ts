import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { cellScript } from '#harness/testbed/netns/cell-script';
import { netnsTopology, netnsTopologyOf } from '#harness/testbed/netns/layout';

const options = { tcpBufferMaxBytes: 12_345_678 };
const script = cellScript(netnsTopology, options);
const withStorage = cellScript(netnsTopologyOf({ storage: true }), options);
/** What a script runs in one host's namespace. */
const partOf = (role: string, of = script): string =>
  new RegExp(`^ip netns exec ${role} [^]*?^HOST$`, 'm').exec(of)?.[0] ?? 'none';

test.each([
  ['four hosts', script],
  ['five', withStorage],
])('is a shell script, with %s', (_, input) => {
  const { status, stderr } = spawnSync('sh', ['-n'], { input, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('joins every site to the router, and no site to another', () => {
  const links = [
    ...script.matchAll(
      /^link add wan0 index (\d+) netns (\w+) type veth peer name (\w+) index (\d+) netns (\w+)$/gm,
    ),
  ];
  expect(links.map(([, , site, name, , peer]) => [site, name, peer])).toEqual([
    ['source', 'source', 'wan'],
    ['destination', 'destination', 'wan'],
    ['observer', 'observer', 'wan'],
  ]);
  for (const [, index, , , peerIndex] of links) expect(index).not.toBe(peerIndex);
});

test('gives every end of a link its address', () => {
  expect(partOf('source')).toContain('address add 10.97.1.2/30 dev wan0');
  expect(partOf('wan')).toContain('address add 10.97.1.1/30 dev source');
  expect(partOf('wan')).toContain('address add 10.97.2.1/30 dev destination');
  expect(partOf('wan')).toContain('address add 10.97.3.1/30 dev observer');
});

test('has a storage host with a link of its own where one is asked for, and changes nothing else', () => {
  expect(netnsTopologyOf({})).toBe(netnsTopology);
  expect(script).not.toContain('storage');
  expect(withStorage).toMatch(/^netns add storage$/m);
  expect(withStorage).toMatch(/^link add wan0 .* netns storage type veth peer name storage .* netns wan$/m);
  expect(partOf('wan', withStorage)).toContain('address add 10.97.4.1/30 dev storage');
  expect(partOf('storage', withStorage)).toContain('address add 10.97.4.2/30 dev wan0');
  expect(partOf('storage', withStorage)).toContain('4096 16384 12345678');
  for (const role of ['source', 'destination', 'observer'])
    expect(partOf(role, withStorage)).toBe(partOf(role));
});

test('forwards on the router alone', () => {
  expect(partOf('wan')).toContain('ip_forward');
  for (const role of ['source', 'destination', 'observer']) expect(partOf(role)).not.toContain('ip_forward');
});

test('sizes TCP buffers where the migration ends', () => {
  for (const role of ['source', 'destination']) {
    expect(partOf(role)).toContain('4096 131072 12345678');
    expect(partOf(role)).toContain('4096 16384 12345678');
  }
  expect(partOf('observer')).not.toContain('12345678');
});

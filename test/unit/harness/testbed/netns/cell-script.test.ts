import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { cellScript } from '../../../../../harness/testbed/netns/cell-script.ts';
import { netnsTopology } from '../../../../../harness/testbed/netns/layout.ts';

const script = cellScript(netnsTopology, { tcpBufferMaxBytes: 12_345_678 });
/** What the script runs in one host's namespace. */
const partOf = (role: string): string =>
  new RegExp(`^ip netns exec ${role} [^]*?^HOST$`, 'm').exec(script)?.[0] ?? 'none';

test('is a shell script', () => {
  const { status, stderr } = spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' });
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

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Check } from '#harness/doctor/check';
import { fix } from '#harness/doctor/fix';

const { PATH: path, LIVEMIG_INSTALL: install } = process.env;
beforeEach(() => {
  process.env['LIVEMIG_INSTALL'] = 'none';
});
afterEach(() => {
  process.env['PATH'] = path;
  if (install === undefined) delete process.env['LIVEMIG_INSTALL'];
  else process.env['LIVEMIG_INSTALL'] = install;
});

const check = (name: string, ok: boolean): Check => ({ name, group: 'tool', ok, found: '', remedy: '' });

test('does nothing about what is there, or what it has no cure for', async () => {
  expect(await fix([check('iptables', true), check('cores', false), check('iperf3', false)])).toEqual([]);
});

test('says why it did not install, and what would', async () => {
  process.env['PATH'] = '/nowhere';
  const fixed = await fix([check('iptables', false)]);
  // /usr/sbin is looked through whatever PATH says: a tool may be there after all.
  for (const { name, ok, text } of fixed) {
    expect({ name, ok }).toEqual({ name: 'tools', ok: false });
    expect(text).toMatch(/LIVEMIG_INSTALL=none.*apt-get install/);
  }
});

test('a cure that fails is told, and is no error', async () => {
  process.env['PATH'] = '/nowhere';
  expect(await fix([check('netem', false)])).toEqual([
    { name: 'netem', ok: false, text: expect.stringContaining('modprobe') },
  ]);
});

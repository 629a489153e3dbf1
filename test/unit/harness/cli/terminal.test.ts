import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fitted, takesOrders, wrapped } from '#harness/cli/terminal';
import { fuzz } from '#test/support/fuzz';

const escape = '\u001b';
const narrow = { isTTY: true, columns: 40 };
const plain = { NO_COLOR: '1' };
const row = '  downtime  14.4 ms   pages 1.2 ms · device state 0.7 ms · load 0.9 ms';

describe('a terminal of 40 columns', () => {
  test('gets whole words, continued under their line', () => {
    expect(fitted(row, narrow, plain).split('\n')).toEqual([
      '  downtime  14.4 ms   pages 1.2 ms ·',
      '      device state 0.7 ms · load 0.9 ms',
    ]);
  });

  const text = fc.array(fc.stringMatching(/^[a-z0-9]{1,14}$/), { maxLength: 30 });
  fuzz('no word is lost or broken, and no line too long', text, (words) => {
    const lines = wrapped(`  ${words.join(' ')}`, 40).split('\n');
    expect(lines.join(' ').trim().split(/\s+/)).toEqual(words.length === 0 ? [''] : words);
    expect(lines.filter((line) => line.length > 40)).toEqual([]);
  });

  test('a path that is longer stays whole', () => {
    const path = `results/${'x'.repeat(60)}.json`;
    expect(fitted(`  result ${path}`, narrow, plain)).toContain(path);
  });
});

test('what is no terminal gets the text as it is', () => {
  expect(fitted(row, {}, {})).toBe(row);
  expect(fitted(row, { isTTY: false, columns: 20 }, {})).toBe(row);
});

describe('colour', () => {
  const verdict = 'completed: hybrid of a 1 GiB guest';
  test.each([
    { what: 'a terminal', screen: { isTTY: true, columns: 80 }, env: {}, has: true },
    { what: 'a pipe', screen: {}, env: {}, has: false },
    { what: 'NO_COLOR', screen: { isTTY: true, columns: 80 }, env: plain, has: false },
    { what: 'TERM=dumb', screen: { isTTY: true, columns: 80 }, env: { TERM: 'dumb' }, has: false },
    { what: 'FORCE_COLOR', screen: {}, env: { FORCE_COLOR: '1' }, has: true },
  ])('$what: $has', ({ screen, env, has }) => {
    expect(fitted(verdict, screen, env).includes(escape)).toBe(has);
  });

  test('only words that somebody looks for', () => {
    const screen = { isTTY: true, columns: 80 };
    expect(fitted('the run is completed', screen, {})).toBe('the run is completed');
    expect(fitted('  missing  iperf3', screen, {})).toBe(`  ${escape}[31mmissing${escape}[39m  iperf3`);
  });
});

test.each([
  { env: { LC_ALL: 'C' }, shown: 'p50 741 us - 10 x' },
  { env: { LC_ALL: '', LANG: 'POSIX' }, shown: 'p50 741 us - 10 x' },
  { env: { LC_ALL: 'en_IE.UTF-8', LANG: 'C' }, shown: 'p50 741 µs – 10 ×' },
  { env: {}, shown: 'p50 741 µs – 10 ×' },
])('signs with $env: $shown', ({ env, shown }) => {
  expect(fitted('p50 741 µs – 10 ×', {}, env)).toBe(shown);
});

test('a dumb terminal takes no orders', () => {
  expect(takesOrders({ isTTY: true }, { TERM: 'xterm' })).toBe(true);
  expect(takesOrders({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
  expect(takesOrders({}, { TERM: 'xterm' })).toBe(false);
});

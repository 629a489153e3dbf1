import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { harmless } from '#harness/cli/output';
import { showLive } from '#harness/cli/live';
import { of } from 'rxjs';
import { fuzz } from '#test/support/fuzz';

const obeyed = /[^\P{Cc}\t\n\r]|\p{Bidi_Control}|\r[^\n]/u;
const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0x2070 }).map((code) => String.fromCharCode(code)),
});

describe('text for a terminal', () => {
  test.each([
    ['a colour', '\u001b[31mred', '\\u001b[31mred'],
    ['a title', '\u001b]0;owned\u0007', '\\u001b]0;owned\\u0007'],
    ['a C1 order', '\u009b2J', '\\u009b2J'],
    ['a return to the start of the line', 'safe\rrm -rf', 'safe\\u000drm -rf'],
    ['text that turns around', 'a\u202eb', 'a\\u202eb'],
  ])('%s is shown, not obeyed', (_, text, shown) => {
    expect(harmless(text)).toBe(shown);
  });

  test('lines of text, tabs, CSV and other languages stay as they are', () => {
    const text = 'a\tb\nc\r\nd ü 漢 🙂 – …';
    expect(harmless(text)).toBe(text);
  });

  fuzz('nothing is left that a terminal obeys', anyText, (text) => !obeyed.test(harmless(text)));

  fuzz('JSON means the same', fc.jsonValue({ stringUnit: 'binary' }), (value) => {
    expect(JSON.parse(harmless(JSON.stringify(value)))).toEqual(JSON.parse(JSON.stringify(value)));
  });

  test('the log shows what a peer says, and the terminal does not obey it', () => {
    let written = '';
    const screen = { write: (text: string) => (written += text) };
    showLive(
      'title\u001b[2J',
      of({ type: 'refused', atMs: 0, reason: 'a\u001b[2Jb', count: 1 } as const),
      screen,
    ).stop();
    expect(written).toMatch(/title\\u001b\[2J\n[^]*a\\u001b\[2Jb\n/);
  });
});

import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Judgement } from '../../../../../harness/trends/judgement.ts';
import { judgementOf } from '../../../../../harness/trends/judgement.ts';
import {
  judgementJunit,
  judgementMarkdown,
  judgementText,
} from '../../../../../harness/trends/show/index.ts';
import { escapeXml } from '../../../../../harness/trends/show/junit.ts';
import { physicalRuns } from '../../../../support/physical-model.ts';
import { trendRun } from '../../../../support/trend-runs.ts';

let judgement: Judgement;
beforeAll(() => {
  const runs = physicalRuns().filter(({ part }) => part !== 'hybrid-no-redirty');
  judgement = judgementOf(runs.map(trendRun), { accounting: 'payload' });
});

test('a judgement counts its verdicts', () => {
  expect(judgement.counts).toEqual({ holds: 21, fails: 3, contested: 1, 'not measured': 1 });
  expect(judgement.contradictions).toHaveLength(12);
  expect(judgement.dataTables[0]!.rows).toHaveLength(40);
});

describe('text', () => {
  test('has every check with verdict, figures and what a failure comes from', () => {
    const text = judgementText(judgement);
    for (const { id, tolerance } of judgement.verdicts) {
      expect(text).toMatch(new RegExp(`^  ${id} +(holds|FAILS|contested|not measured) `, 'm'));
      expect(text.replaceAll(/\s+/g, ' ')).toContain(`to hold ${tolerance}`);
    }
    expect(text).toContain('4a   FAILS');
    expect(text.replaceAll(/\s+/g, ' ')).toContain('0.3 s that no bandwidth shortens');
    expect(text).toContain('missing: hybrid-no-redirty link=1G');
    expect(text).toContain('Tolerances frozen\n2026-11-21');
    expect(text).toContain("pre-copy's limit at 1 Gb/s: 32 MB in one post, 96 MB in the other");
    expect(text).toContain('Measured with: nfqueue, netns, κ_M 1');
    expect(text.trimEnd().split('\n').at(-1)).toBe('21 hold, 3 fail, 1 contested, 1 not measured');
  });

  test('keeps to its width', () => {
    const prose = judgementText(judgement).split('\n');
    expect(prose.filter((line) => line.length > 110)).toEqual([]);
  });

  test('of nothing says so', () => {
    const text = judgementText(judgementOf([], { accounting: 'wire' }));
    expect(text).toContain('Measured with: –');
    expect(text).toContain('why: no runs of icclab-10g');
    expect(text).toContain('Bytes counted as wire.');
  });
});

describe('Markdown', () => {
  test('has tables whose rows have as many cells as their head', () => {
    const rows = judgementMarkdown(judgement)
      .split('\n')
      .filter((line) => line.startsWith('|'));
    const cellsOf = (row: string): number => row.replaceAll(/\\./g, '').split('|').length - 2;
    expect(new Set(rows.map(cellsOf))).toEqual(new Set([7, 9]));
    expect(rows.filter((row) => cellsOf(row) === 7)).toHaveLength(2 * 2 + judgement.verdicts.length);
  });

  test('escapes what would end a cell', () => {
    const [first, ...rest] = judgement.verdicts;
    const text = judgementMarkdown({
      ...judgement,
      verdicts: [{ ...first!, statement: 'a | b * c\n<d>' }, ...rest],
    });
    expect(text).toContain('| a \\| b \\* c \\<d\\> |');
  });
});

describe('JUnit', () => {
  test('counts, and skips what is contested or not measured with its reason', () => {
    const xml = judgementJunit(judgement);
    expect(xml).toContain(
      '<testsuites name="livemig validate" tests="26" failures="3" errors="0" skipped="2">',
    );
    expect(xml.match(/<testcase /g)).toHaveLength(26);
    expect(xml.match(/<failure /g)).toHaveLength(3);
    expect(xml).toMatch(/<skipped message="contested: /);
    expect(xml).toMatch(/<skipped message="not measured: missing: hybrid-no-redirty/);
  });

  test('escapes text and drops what XML has no way to write', () => {
    expect(escapeXml(`a<b>&"c'\n\u0000\u001bd\ud800é😀`)).toBe('a&lt;b&gt;&amp;&quot;c&apos;&#10;dé😀');
  });
});

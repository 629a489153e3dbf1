import { beforeAll, describe, expect, test } from '@jest/globals';
import { charactersOf, lineMaxCharacters } from '#harness/markdown';
import type { Judgement } from '#harness/trends/judgement';
import { judgementOf } from '#harness/trends/judgement';
import { judgementJunit, judgementMarkdown, judgementText } from '#harness/trends/show/index';
import { escapeXml } from '#harness/junit';
import { physicalRuns } from '#test/support/physical-model';
import { studies as all } from '#test/support/studies';
import { trendRun } from '#test/support/trend-runs';

/** Those that the runs are of. */
const studies = all.filter(({ name }) => name === 'icclab-10g' || name === 'ulster-wan');

let judgement: Judgement;
beforeAll(() => {
  const runs = physicalRuns().filter(({ part }) => part !== 'hybrid-no-redirty' && part !== 'every-page');
  judgement = judgementOf(runs.map(trendRun), studies, { accounting: 'payload' });
});

test('a judgement counts its verdicts', () => {
  expect(judgement.counts).toEqual({
    holds: 28,
    'holds in era': 2,
    fails: 1,
    contested: 1,
    'not measured': 2,
  });
  expect(judgement.countsByKind).toEqual({
    'two-sided': { holds: 10, 'holds in era': 1, fails: 0, contested: 1, 'not measured': 1 },
    'one-sided': { holds: 15, 'holds in era': 1, fails: 1, contested: 0, 'not measured': 0 },
    'own goal': { holds: 3, 'holds in era': 0, fails: 0, contested: 0, 'not measured': 1 },
  });
  expect(judgement.contradictions).toHaveLength(13);
  expect(judgement.tables[0]!.rows).toHaveLength(50);
});

describe('text', () => {
  test('has every check with its verdict, its figures and the cause of a failure', () => {
    const text = judgementText(judgement);
    for (const { id, tolerance } of judgement.verdicts) {
      expect(text).toMatch(new RegExp(`^  ${id} +(holds|holds in era|FAILS|contested|not measured) `, 'm'));
      expect(text.replaceAll(/\s+/g, ' ')).toContain(`to hold ${tolerance}`);
    }
    expect(text).toContain('7c   FAILS');
    expect(text).toContain('4a   holds in era');
    const flowing = text.replaceAll(/\s+/g, ' ');
    expect(flowing).toContain('of the unloaded time are not explained by its bytes');
    expect(flowing).toContain('in era openstack-juno-2015 (consistency): 1.51');
    expect(flowing).toContain('in era ulster-2015 (consistency): not measured: missing: no post-copy');
    expect(text).toContain('missing: hybrid-no-redirty link=1G');
    expect(text).toContain('Tolerances frozen\n2026-11-21');
    expect(text).toContain('"up to 3,7 times shorter" against 3.89 × in Tab. 1');
    expect(text).toContain('Measured with: nfqueue, netns, κ_M 1');
    expect(text.trimEnd().split('\n').slice(-3)).toEqual([
      'documents, two-sided: 10 hold, 1 holds in an era, 1 contested, 1 not measured',
      'documents, one-sided: 15 hold, 1 holds in an era, 1 fails',
      'our own goals: 3 hold, 1 not measured',
    ]);
  });

  test('keeps within its width', () => {
    const prose = judgementText(judgement).split('\n');
    expect(prose.filter((line) => line.length > 110)).toEqual([]);
  });

  test('of nothing says so', () => {
    const text = judgementText(judgementOf([], studies, { accounting: 'wire' }));
    expect(text).toContain('Measured with: –');
    expect(text).toContain('why: no runs of icclab-10g');
    expect(text).toContain('Bytes counted as wire.');
  });
});

describe('Markdown', () => {
  test('has tables whose rows have as many cells as their header', () => {
    const rows = judgementMarkdown(judgement)
      .split('\n')
      .filter((line) => line.startsWith('|'));
    const cellsOf = (row: string): number => row.replaceAll(/\\./g, '').split('|').length - 2;
    expect(new Set(rows.map(cellsOf))).toEqual(new Set([3, 9]));
  });

  test('has every check as an item, as their table would be too wide for a line', () => {
    const lines = judgementMarkdown(judgement).split('\n');
    for (const { id } of judgement.verdicts)
      expect(lines.filter((line) => line.startsWith(`- ${id} – statement: `))).toHaveLength(1);
    expect(lines.filter((line) => charactersOf(line) > lineMaxCharacters)).toEqual([]);
  });

  test('escapes what would end a cell', () => {
    const [first, ...rest] = judgement.verdicts;
    const text = judgementMarkdown({
      ...judgement,
      verdicts: [{ ...first!, statement: 'a | b * c\n<d>' }, ...rest],
    });
    expect(text).toContain('– statement: a \\| b \\* c \\<d\\>; in: ');
  });
});

describe('JUnit', () => {
  test('counts, and skips what is contested or not measured with its reason', () => {
    const xml = judgementJunit(judgement);
    expect(xml).toContain(
      '<testsuites name="livemig validate" tests="34" failures="1" errors="0" skipped="3">',
    );
    expect(xml.match(/<testcase /g)).toHaveLength(34);
    expect(xml.match(/<failure /g)).toHaveLength(1);
    expect(xml).toMatch(/<skipped message="contested: /);
    expect(xml).toMatch(/<skipped message="not measured: missing: hybrid-no-redirty/);
  });

  test('escapes text and drops what XML has no way to write', () => {
    expect(escapeXml(`a<b>&"c'\n\u0000\u001bd\ud800é😀`)).toBe('a&lt;b&gt;&amp;&quot;c&apos;&#10;dé😀');
  });
});

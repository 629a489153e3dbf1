import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { checkInThread } from '#harness/conformance/check-thread';
import { diagnosisCodes } from '#harness/conformance/diagnoses';
import { brokenStrategies, lineOf } from '#test/support/broken-strategies';

describe('the diagnosis of a strategy that', () => {
  test.each(brokenStrategies.map((each) => [each.what, each] as const))('%s', async (_, broken) => {
    const { text, diagnosis, case: only } = broken;
    const checked = await checkInThread({ file: 'broken.mjs', text }, { only, silentMaxMs: 2000 });
    const [finding] = checked.findings;
    expect(finding).toMatchObject({ state: 'failed', cause: diagnosis });
    const { explanation } = checked;
    expect(explanation?.observed).not.toEqual([]);
    expect({
      code: explanation?.diagnosis?.code ?? null,
      line: explanation?.diagnosis?.place?.line ?? null,
    }).toEqual({ code: diagnosis, line: lineOf(broken) });
  });

  test('is of a closed list, each of which is given for something', () => {
    const given = new Set(brokenStrategies.map(({ diagnosis }) => diagnosis));
    expect(diagnosisCodes.filter((code) => !given.has(code))).toEqual([]);
  });
});

test('a sound strategy gets none', async () => {
  const file = new URL('../../../../examples/strategies/two-rounds.ts', import.meta.url);
  const checked = await checkInThread({ file: 'two-rounds.ts', text: readFileSync(file, 'utf8') });
  expect(checked.explanation).toBeNull();
  expect(checked.findings.filter(({ state }) => state !== 'passed')).toEqual([]);
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { checkInThread } from '#harness/conformance/check-thread';
import { diagnosisCodes } from '#harness/conformance/diagnoses';
import { brokenStrategies, lineOf } from '#test/support/broken-strategies';

/** It was tried whether what these miss is all that is wrong; of others it isn't known, or there is more. */
const confirmed = [
  'forgets the discard of hybrid',
  'forgets the discard of post-copy by hand',
  'drops a page of the last round',
  'forgets what was dirtied last',
];

describe('the diagnosis of a strategy that', () => {
  test.each(brokenStrategies.map((each) => [each.what, each] as const))('%s', async (what, broken) => {
    const { text, diagnosis, case: only } = broken;
    // A thread that has to wait for a busy machine's CPU isn't silent for good; one that never speaks is waited for in vain.
    const silentMaxMs = diagnosis === 'blocking-loop' ? 2_000 : 30_000;
    const checked = await checkInThread({ file: 'broken.mjs', text }, { only, silentMaxMs });
    const [finding] = checked.findings;
    expect(finding).toMatchObject({ state: 'failed', cause: diagnosis });
    const { explanation } = checked;
    expect(explanation?.observed).not.toEqual([]);
    expect(explanation?.isConfirmed).toBe(confirmed.includes(what));
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

describe('none is given to a sound strategy', () => {
  const example = new URL('../../../../examples/strategies/two-rounds.ts', import.meta.url);
  test.each([
    ['the example', readFileSync(example, 'utf8')],
    [
      'one that does several things at a time',
      `import { sendAll, stopAndSendRest } from 'livemig/strategy';
       export default { name: 'several', migrate: async (session, signal) => {
         const { memory, pages, clock } = session;
         const sending = sendAll(session, memory.sync(), signal);
         await Promise.race([sending, clock.sleep(2, signal)]);
         await sending;
         const [first] = await Promise.all([pages.barrier(), pages.fence()]);
         return pages.fence().then(() => stopAndSendRest(session, memory.sync(), signal));
       } };`,
    ],
  ])('%s', async (_, text) => {
    const checked = await checkInThread({ file: 'sound.ts', text });
    expect(checked.explanation).toBeNull();
    expect(checked.findings.filter(({ state }) => state !== 'passed')).toEqual([]);
  });
});

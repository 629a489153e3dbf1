import { describe, expect, test } from '@jest/globals';
import { checkInThread } from '#harness/conformance/check-thread';
import { caseIds } from '#harness/conformance/cases';
import type { Finding } from '#harness/conformance/check';
import { brokenStrategies } from '#test/support/broken-strategies';
import type { BrokenStrategy } from '#test/support/broken-strategies';

const strategy = (migrate: string): { file: string; text: string } => ({
  file: 'mine.js',
  text: `export default { name: 'mine', migrate: ${migrate} };`,
});

const casesIn = (findings: readonly Finding[], state: Finding['state']): string[] =>
  findings.filter((finding) => finding.state === state).map(({ case: id }) => id);

describe('a strategy in its own thread', () => {
  test('that throws is reported, case by case, and what needs a sound one is not tried', async () => {
    const told: Finding[] = [];
    const { findings } = await checkInThread(strategy("async () => { throw new Error('no'); }"), {
      told: (finding) => told.push(finding),
    });
    expect(findings.map(({ case: id }) => id)).toEqual(caseIds);
    expect(told).toEqual(findings);
    expect(casesIn(findings, 'passed')).toEqual([]);
    expect(casesIn(findings, 'failed').length).toBeGreaterThan(8);
    expect(casesIn(findings, 'not-tried')).toEqual(
      expect.arrayContaining(['failing-calls', 'aborted-calls', 'lost-at-resume', 'never-converges']),
    );
    for (const { state, problem } of findings) {
      if (state === 'failed') expect(problem).toMatch(/ no$/);
      else expect(problem).toBe('it needs busy-guest');
    }
  });

  test.each([
    ['loops without awaiting', '() => { for (;;); }', 'blocking-loop'],
    ['waits for ever', '() => new Promise(() => undefined)', 'waits-forever'],
  ])('that %s is reported as such, and the other cases as not tried', async (_, migrate, cause) => {
    // The one that waits isn't silent, however busy the machine.
    const silentMaxMs = cause === 'blocking-loop' ? 2_000 : 30_000;
    const { findings, explanation } = await checkInThread(strategy(migrate), { silentMaxMs });
    const [first, ...rest] = findings;
    expect(first).toMatchObject({ case: 'busy-guest', state: 'failed', cause });
    expect(rest.map(({ state, problem }) => [state, problem])).toEqual(
      caseIds.slice(1).map(() => ['not-tried', 'busy-guest had no end']),
    );
    expect(explanation).toMatchObject({ case: 'busy-guest', diagnosis: { code: cause } });
  });

  test('that fails where nobody waits fails that case, and the others are tried', async () => {
    const later = "() => new Promise(() => { queueMicrotask(() => { throw new Error('later'); }); })";
    const { findings } = await checkInThread(strategy(later), { only: 'idle-guest' });
    expect(findings).toEqual([
      expect.objectContaining({ case: 'idle-guest', problem: expect.stringContaining('later') }),
    ]);
  });

  test('ends when it is told to', async () => {
    const signal = AbortSignal.timeout(200);
    await expect(checkInThread(strategy('() => { for (;;); }'), { signal })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });
});

describe('a case that is tried alone', () => {
  const stopAndCopy = `async ({ guest, memory, pages, destination }) => {
    await guest.pause();
    const pending = memory.sync();
    for (let at = 0; pending.count > 0;) at = await pages.sendBatch(pending, at);
    await destination.sendDeviceState();
    await destination.resume('complete');
    // Of these guests, some can't be moved.
    if (memory.pageCount % 5 === 0) throw new Error('five');
    await destination.complete();
  }`;

  test('with the seed of its failure, fails with the same; a random guest is one alone', async () => {
    const all = await checkInThread(strategy(stopAndCopy), { only: 'odd-size' });
    expect(casesIn(all.findings, 'passed')).toEqual(['odd-size']);
    const random = await checkInThread(strategy(stopAndCopy), {});
    const found = random.findings.find(({ case: id }) => id === 'random-guests');
    expect(found).toMatchObject({ state: 'failed', cause: 'throws' });
    const { seed, problem } = found!;
    const replayed = await checkInThread(strategy(stopAndCopy), { only: 'random-guests', seed: seed! });
    expect(replayed.findings).toEqual([expect.objectContaining({ state: 'failed', problem, seed })]);
    const before = await checkInThread(strategy(stopAndCopy), { only: 'random-guests', seed: seed! - 1 });
    expect(casesIn(before.findings, 'passed')).toEqual(['random-guests']);
  });

  test('gives the same explanation each time', async () => {
    const [{ text, case: only }] = brokenStrategies as [BrokenStrategy];
    const explained = async () => (await checkInThread({ file: 'mine.mjs', text }, { only })).explanation;
    const first = await explained();
    expect(first?.timeline?.entries.length).toBeGreaterThan(3);
    expect(await explained()).toEqual(first);
  });
});

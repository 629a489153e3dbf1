import { expect, test } from '@jest/globals';
import type { RunResult } from '#harness/result';
import { settingKey } from '#harness/setting';
import { completedPaperResult } from '#test/support/paper-result';

const paper = completedPaperResult();

/** A run of files of the user's own. */
const ofFiles = (directory: string, { sha256 = 'a', delayMs = 1, name = 'mine' } = {}): RunResult => {
  const strategy = `${directory}/mine.ts` as const;
  const link = `${directory}/mine.yaml`;
  const direction = { rateMbps: 1000, delayMs, jitterMs: 0, lossPercent: 0, bufferMs: 50 };
  const definition = {
    name,
    description: directory,
    sourceToDestination: direction,
    destinationToSource: direction,
  };
  return {
    ...paper,
    strategy,
    scenario: { ...paper.scenario, strategy, link },
    link: { ...paper.link, profile: link, definition },
    environment: { ...paper.environment, strategySha256: sha256 },
  };
};
const key = settingKey(ofFiles('.'));

test('the same files are the same setting, wherever they are', () => {
  expect(settingKey(ofFiles('/elsewhere'))).toBe(key);
});

test.each([
  ['text of the strategy', { sha256: 'b' }],
  ['link', { delayMs: 2 }],
  ['name of the link', { name: 'another' }],
])('another %s under the same path is another one', (_, change) => {
  expect(settingKey(ofFiles('.', change))).not.toBe(key);
});

test('a built-in strategy is identified by its name', () => {
  const of = (strategy: 'hybrid' | 'pre-copy'): string =>
    settingKey({ ...paper, strategy, scenario: { ...paper.scenario, strategy } });
  expect(of('hybrid')).not.toBe(of('pre-copy'));
  expect(of('hybrid')).not.toBe(key);
});

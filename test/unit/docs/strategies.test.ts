import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { checkInThread } from '#harness/conformance/check-thread';
import { diagnosesMarkdown } from '#harness/report/diagnoses-markdown';
import { checkText } from '#harness/report/check';
import { wrapped } from '#harness/cli/terminal';
import { lineMaxCharacters } from '#harness/markdown';

const textOf = (path: string): string =>
  readFileSync(new URL(`../../../docs/${path}`, import.meta.url), 'utf8');

const [, example = '', output = ''] =
  /```ts\n(.*?)```.*?```text\n(.*?)```/s.exec(textOf('strategies.md')) ?? [];

const checked = async (text: string): Promise<string> => {
  const of = { file: 'mine.ts', name: 'mine', text };
  return wrapped(checkText(of, await checkInThread(of), null), lineMaxCharacters);
};

test('the strategy of the guide holds', async () => {
  expect(await checked(example)).toBe('mine: 17 of 17 hold');
});

test('what the guide shows is what check says of it without the discard', async () => {
  const broken = example.replace('missing, stale,', 'missing, null,');
  expect(broken).not.toBe(example);
  expect(await checked(broken)).toBe(output.trimEnd());
});

test('the list of diagnoses is up to date', () => {
  expect(textOf('diagnoses.md')).toBe(diagnosesMarkdown());
});

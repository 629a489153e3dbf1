import { expect, test } from '@jest/globals';
import { uniqueIds } from '../../../../../harness/report/page/ids.ts';

test('names that come to the same get ids of their own, also where a number is taken', () => {
  const items = ['a/b', 'a b', 'a-b-2', 'a.b'].map((name) => ({ name }));
  const ids = uniqueIds('run', items, ({ name }) => name);
  expect([...ids.values()]).toEqual(['run-a-b', 'run-a-b-2', 'run-a-b-2-2', 'run-a-b-3']);
});

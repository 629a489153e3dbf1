import { expect, test } from '@jest/globals';
import { uniqueIds } from '#harness/report/page/ids';

test('names with the same slug get different ids, even if a number is taken', () => {
  const items = ['a/b', 'a b', 'a-b-2', 'a.b'].map((name) => ({ name }));
  const ids = uniqueIds('run', items, ({ name }) => name);
  expect([...ids.values()]).toEqual(['run-a-b', 'run-a-b-2', 'run-a-b-2-2', 'run-a-b-3']);
});

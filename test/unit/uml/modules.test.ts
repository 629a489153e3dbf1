import { expect, test } from '@jest/globals';
import { insertionOrder } from '#test/uml/modules';

const modulesDep = `kernel/drivers/net/veth.ko:
kernel/net/sched/act_mirred.ko: kernel/a.ko kernel/b.ko
kernel/a.ko: kernel/b.ko
kernel/b.ko:
`;

test('inserts what a module needs before it, in reverse of the order listed', () => {
  expect(insertionOrder(modulesDep, ['act_mirred']).paths).toEqual([
    'kernel/b.ko',
    'kernel/a.ko',
    'kernel/net/sched/act_mirred.ko',
  ]);
});

test('inserts nothing twice', () => {
  expect(insertionOrder(modulesDep, ['a', 'b', 'act_mirred', 'a']).paths).toEqual([
    'kernel/b.ko',
    'kernel/a.ko',
    'kernel/net/sched/act_mirred.ko',
  ]);
});

test('names what the kernel does not have as a module', () => {
  expect(insertionOrder(modulesDep, ['veth', 'sch_nonsense'])).toEqual({
    paths: ['kernel/drivers/net/veth.ko'],
    unknown: ['sch_nonsense'],
  });
});

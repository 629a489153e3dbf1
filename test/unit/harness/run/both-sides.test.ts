import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { machineClock } from '#harness/clock';
import { bothSides, migrationErrorOf } from '#harness/run/both-sides';
import type { BothSides } from '#harness/run/both-sides';
import type { SourceReport } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { MigrationStatus } from '#proto/strategy';
import { paperSource } from '#test/support/synthetic-migration';

const patience = { noticeMs: 50, settleMs: 2000 };

const failed: SourceReport = {
  ...paperSource(),
  status: 'failed',
  error: { code: 'AGENT_UNREACHABLE', message: 'the destination is gone' },
  guestRunningAtEnd: true,
};

/** The destination is given up; the source reports 300 ms later, and has nothing to cancel. */
const endedBeforeTold = (status: MigrationStatus): Promise<BothSides> =>
  bothSides({
    outgoing: sleep(300).then(() => failed),
    incoming: Promise.reject(new LivemigError('AGENT_UNREACHABLE', 'the destination agent is gone')),
    cancel: () => Promise.reject(new LivemigError('ILLEGAL_PHASE', 'expected one that can be cancelled')),
    query: () => Promise.resolve({ status }),
    bystanders: new Promise<never>(() => undefined),
    patience,
    clock: machineClock,
  });

test('a source that ended by itself is waited for, and its report says where the guest is', async () => {
  const sides = await endedBeforeTold('failed');
  expect(sides).toMatchObject({ cancelled: 'not-told', source: { report: { guestRunningAtEnd: true } } });
});

test('a source that cannot go back is not waited for (negative control)', async () => {
  const sides = await endedBeforeTold('postcopy-paused');
  expect(sides).toMatchObject({ cancelled: 'refused', source: { report: null } });
});

const side = (code: string, message: string) => ({
  report: { status: 'failed', error: { code, message } },
  error: null,
});

/** What is reported of a migration that both sides ended. */
const said = (source: ReturnType<typeof side>, destination: ReturnType<typeof side>): string => {
  const sides = { source, destination, cancelled: 'not-told', bystander: null } as unknown as BothSides;
  return (migrationErrorOf(sides) as LivemigError).message;
};

test.each([
  ['in the same words', 'TIMEOUT', 'too late', 'too late'],
  ['in other words', 'PROTOCOL_VIOLATION', 'expected a hello', 'the source refused: no hello'],
])('the same error from the destination is not repeated, %s', (_, code, atSource, atDestination) => {
  expect(said(side(code, atSource), side(code, atDestination))).toBe(atSource);
});

test('a different error from the destination is reported, even if its text is part of the source’s', () => {
  expect(said(side('TIMEOUT', 'no word: lost'), side('INTEGRITY_VIOLATED', 'lost'))).toBe(
    'no word: lost; the destination says: lost',
  );
});

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { GuestOrder } from '#hosts/guest-orders';
import { codeOf } from '#proto/errors';
import { strategyNames } from '#catalogue/strategies';
import { fuzz } from '../support/fuzz.ts';
import { hypervisorPair, order, pairAddresses } from '../support/hypervisor-pair.ts';

type Step =
  | { give: GuestOrder; to: 'source' | 'destination'; waits: boolean }
  /** Waits until the orders given have ended, or some time has passed. */
  | { pauseMs: number };

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        give: fc.constantFrom<GuestOrder>(
          'bootGuest', 'startGuest', 'stopGuest', 'migrate', 'migrateIncoming', 'migrateCancel', 'migrateContinue',
          'migrateSetParameters', 'migrateSetTransfer', 'migrateStartPostcopy', 'migrateForceSwitchover',
        ), // prettier-ignore
        to: fc.constantFrom<'source' | 'destination'>('source', 'destination'),
        waits: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ pauseMs: fc.nat(60) }) },
  ),
  { maxLength: 14 },
);

/** Most sequences find nothing to do; these begin with a guest. */
const begun: Step[] = [
  { give: 'bootGuest', to: 'source', waits: true },
  { give: 'bootGuest', to: 'destination', waits: true },
  { give: 'startGuest', to: 'source', waits: true },
  { give: 'migrateIncoming', to: 'destination', waits: false },
];

/** The few random cases of `npm test` don't always reach a migration. */
const migrates = {
  before: begun.length,
  steps: [{ give: 'migrate', to: 'source', waits: false }, { pauseMs: 60 }] satisfies Step[],
  strategy: 'pre-copy',
  pauses: false,
};

const patienceMs = 300;
/** A boot ends by itself, on a busy machine later; what comes after it would find no guest. */
const bootPatienceMs = 5000;
const reached = new Set<string>();

const scenario = fc.record({
  before: fc.integer({ min: 0, max: begun.length }),
  steps,
  strategy: fc.constantFrom(...strategyNames),
  pauses: fc.boolean(),
});

describe('source and destination under any sequence of orders', () => {
  fuzz(
    'never run the guest both, and fail for no other reason than their phase',
    scenario,
    async ({ before, steps: more, strategy, pauses }) => {
      await using pair = await hypervisorPair();
      const given = pair.argumentsOf(strategy, pauses);
      for (const step of [...begun.slice(0, before), ...more]) {
        if ('pauseMs' in step) await sleep(step.pauseMs);
        else {
          const host = pair[step.to];
          const argument =
            step.give === 'bootGuest'
              ? { ...given.bootGuest, address: pairAddresses[step.to] }
              : (given[step.give] ?? {});
          const end = order(host, step.give, argument as never).then(
            () => undefined,
            (error: unknown) => {
              const isForOthers =
                step.give === 'migrateStartPostcopy' || step.give === 'migrateForceSwitchover';
              // Not every strategy can be told to switch over.
              if (isForOthers && codeOf(error) === 'BAD_INPUT') return;
              // A guest that is closed while it boots is no finding.
              if (!['ILLEGAL_PHASE', 'CANCELLED'].includes(codeOf(error))) throw error;
            },
          );
          end.catch(() => undefined);
          if (step.waits)
            await Promise.race([end, sleep(step.give === 'bootGuest' ? bootPatienceMs : patienceMs)]);
        }
        reached.add(`source ${pair.source.phase}`).add(`destination ${pair.destination.phase}`);
        if (pair.source.isGuestRunning && pair.destination.isGuestRunning) return false;
      }
      await sleep(1);
      return !(pair.source.isGuestRunning && pair.destination.isGuestRunning);
    },
    { share: 0.01, examples: [migrates] },
  );

  test('the sequences reach many phases: a negative control', () => {
    expect([...reached]).toEqual(
      expect.arrayContaining(['source running', 'source outgoing', 'destination incoming']),
    );
  });
});

afterAll(() => {
  reached.clear();
});

import type { DiagnosisCode } from '#harness/conformance/diagnoses';

/** A strategy with one mistake, what it is, and a case that shows it. The line of the mistake ends in `// here`. */
export interface BrokenStrategy {
  what: string;
  diagnosis: DiagnosisCode | null;
  case: string;
  text: string;
}

const strategy = (
  what: string,
  diagnosis: DiagnosisCode | null,
  of: string,
  body: string,
  before = '',
): BrokenStrategy => ({
  what,
  diagnosis,
  case: of,
  text: `import * as livemig from 'livemig/strategy';
const { LivemigError, checkBounds, fitsDowntime, sendAll, stopAndSendRest, switchToPostcopy } = livemig;
${before}
export default {
  name: 'broken',
  migrate: async (session, signal) => {
    const { memory, pages, guest, destination, faults, limits } = session;
${body}
  },
};
`,
});

/** One for each diagnosis at least, and some that there is none for. */
export const brokenStrategies: readonly BrokenStrategy[] = [
  strategy(
    'forgets the discard of hybrid',
    'forgotten-discard',
    'busy-guest',
    `    await sendAll(session, memory.sync(), signal);
    await pages.barrier();
    await switchToPostcopy(session, memory.sync(), null, signal); // here`,
  ),
  strategy(
    'forgets the discard of post-copy by hand',
    'forgotten-discard',
    'busy-guest',
    `    const sent = memory.sync();
    await sendAll(session, sent, signal);
    await guest.pause();
    const missing = memory.sync();
    faults.serve(missing);
    await destination.sendDeviceState();
    await destination.resume('postcopy'); // here
    await sendAll(session, missing, signal);
    await destination.complete();`,
  ),
  strategy(
    'does not await the pause',
    'missing-await',
    'session',
    `    await sendAll(session, memory.sync(), signal);
    guest.pause(); // here
    await sendAll(session, memory.sync(), signal);
    await destination.sendDeviceState();
    await destination.resume('complete');
    await destination.complete();`,
  ),
  strategy(
    'does not await a function that sends',
    'missing-await',
    'busy-guest',
    `    sendAll(session, memory.sync(), signal); // here
    await guest.pause();
    await sendAll(session, memory.sync(), signal);
    await destination.sendDeviceState();
    await destination.resume('complete');
    await destination.complete();`,
  ),
  strategy(
    'does not await the end',
    'missing-await',
    'busy-guest',
    `    await guest.pause();
    await sendAll(session, memory.sync(), signal);
    await destination.sendDeviceState();
    await destination.resume('complete');
    destination.complete(); // here`,
  ),
  strategy(
    'sends in a loop without awaiting',
    'missing-await',
    'busy-guest',
    `    const pending = memory.sync();
    while (pending.count > 0) pages.sendBatch(pending, 0); // here
    await stopAndSendRest(session, pending, signal);`,
  ),
  strategy('calls without end', 'endless-loop', 'busy-guest', `    for (;;) await pages.fence(); // here`),
  strategy(
    'waits for a guest that writes nothing',
    'endless-loop',
    'busy-guest',
    `    let pending = memory.sync();
    while (pending.count > 0) {
      await sendAll(session, pending, signal); // here
      await pages.barrier();
      pending = memory.sync();
    }
    await stopAndSendRest(session, pending, signal);`,
  ),
  strategy(
    'loops without awaiting anything',
    'blocking-loop',
    'busy-guest',
    `    const pending = memory.sync();
    while (pending.count > 0) pending.next(0); // here`,
  ),
  strategy(
    'loops in promises that are there',
    'blocking-loop',
    'busy-guest',
    `    while (!signal.aborted) await null; // here`,
  ),
  strategy(
    'switches over with pages pending',
    'early-switchover',
    'busy-guest',
    `    let pending = memory.sync();
    await sendAll(session, pending, signal);
    await guest.pause();
    pending = memory.sync();
    await destination.sendDeviceState();
    await destination.resume('complete'); // here
    await sendAll(session, pending, signal);
    await destination.complete();`,
  ),
  strategy(
    'drops a page of the last round',
    'early-switchover',
    'idle-guest',
    `    await guest.pause();
    const pending = memory.sync();
    pending.delete(1);
    await sendAll(session, pending, signal);
    await destination.sendDeviceState();
    await destination.resume('complete'); // here
    await destination.complete();`,
  ),
  strategy(
    'forgets what was dirtied last',
    'missing-last-sync',
    'busy-guest',
    `    await sendAll(session, memory.sync(), signal);
    await pages.barrier();
    await guest.pause(); // here
    await destination.sendDeviceState();
    await destination.resume('complete');
    await destination.complete();`,
  ),
  strategy(
    'throws',
    'throws',
    'busy-guest',
    `    const rounds = memory.sync().runs().next().value.pages.length; // here
    await stopAndSendRest(session, memory.noPages(), signal);`,
  ),
  strategy(
    'asks for a limit that there is not',
    'unknown-name',
    'session',
    `    const pending = memory.sync();
    for (let round = 0; round < limits.hybridRound; round++) await sendAll(session, pending, signal); // here
    await stopAndSendRest(session, pending, signal);`,
  ),
  strategy(
    'asks for a port that there is not',
    'unknown-name',
    'busy-guest',
    `    await session.page.barrier(); // here
    await stopAndSendRest(session, memory.sync(), signal);`,
  ),
  strategy(
    'sends the device state of a running guest',
    'wrong-order',
    'busy-guest',
    `    await sendAll(session, memory.sync(), signal);
    await destination.sendDeviceState(); // here
    await guest.pause();
    await destination.resume('complete');
    await destination.complete();`,
  ),
  strategy(
    'resumes the guest in a mode that there is not',
    'wrong-order',
    'busy-guest',
    `    await guest.pause();
    await sendAll(session, memory.sync(), signal);
    await destination.sendDeviceState();
    await destination.resume('post-copy'); // here
    await destination.complete();`,
  ),
  strategy(
    'does not say what faults may fetch',
    'missing-serve',
    'lost-in-postcopy',
    `    await guest.pause();
    const missing = memory.sync();
    await destination.sendDeviceState();
    await destination.resume('postcopy'); // here
    await sendAll(session, missing, signal);
    await destination.complete();`,
  ),
  strategy(
    'does not await a function that pauses',
    'missing-await',
    'aborted-calls',
    `    const stop = async () => {
      await guest.pause(); // here
    };
    const pending = memory.sync();
    await sendAll(session, pending, signal);
    stop();
    pending.addAll(memory.sync());
    await sendAll(session, pending, signal);
    await destination.sendDeviceState();
    await destination.resume('complete');
    await destination.complete();`,
  ),
  strategy(
    'never switches over',
    'never-switches-over',
    'busy-guest',
    `    await sendAll(session, memory.sync(), signal); // here`,
  ),
  strategy(
    'never completes',
    'never-completes',
    'busy-guest',
    `    await guest.pause();
    await sendAll(session, memory.sync(), signal);
    await destination.sendDeviceState();
    await destination.resume('complete'); // here`,
  ),
  strategy(
    'sleeps by the clock of the machine',
    'waits-forever',
    'busy-guest',
    `    await pages.barrier(); // here
    await new Promise((resolve) => setTimeout(resolve, 1_000_000));
    await stopAndSendRest(session, memory.sync(), signal);`,
  ),
  strategy(
    'leaves out what faults are to fetch',
    'pages-left-out',
    'idle-guest',
    `    const missing = memory.sync();
    await guest.pause();
    missing.delete(3);
    faults.serve(missing);
    await destination.sendDeviceState();
    await destination.resume('postcopy'); // here
    await sendAll(session, missing, signal);
    await destination.complete();`,
  ),
  strategy(
    'forgets the disk',
    'disk-left-out',
    'disk',
    `    const missing = memory.sync();
    await guest.pause();
    missing.addAll(memory.sync());
    faults.serve(missing);
    await destination.sendDeviceState();
    await destination.resume('postcopy'); // here
    await sendAll(session, missing, signal);
    await destination.complete();`,
  ),
  strategy(
    'pushes all pages again',
    'sent-twice',
    'busy-guest',
    `    const all = memory.sync();
    const again = memory.noPages();
    again.addAll(all);
    await sendAll(session, all, signal);
    await guest.pause();
    const stale = memory.sync();
    await destination.discard(stale);
    faults.serve(again);
    await destination.sendDeviceState();
    await destination.resume('postcopy'); // here
    await sendAll(session, again, signal);
    await destination.complete();`,
  ),
  strategy(
    'ignores the limits',
    'limits-ignored',
    'never-converges',
    `    let pending = memory.sync();
    do {
      await sendAll(session, pending, signal); // here
      await pages.barrier();
      pending = memory.sync();
    } while (pending.count > 200);
    await stopAndSendRest(session, pending, signal);`,
  ),
  strategy(
    'gives up by an error of its own',
    'gives-up-otherwise',
    'never-converges',
    `    let pending = memory.sync();
    for (let round = 0; pending.count > 200; round++) {
      await sendAll(session, pending, signal);
      await pages.barrier();
      pending = memory.sync();
      if (round > 5) throw new Error('never'); // here
    }
    await stopAndSendRest(session, pending, signal);`,
  ),
  strategy(
    'swallows failures',
    'failure-swallowed',
    'failing-calls',
    `    const pending = memory.sync();
    await sendAll(session, pending, signal);
    try {
      await pages.barrier(); // here
    } catch {}
    await stopAndSendRest(session, pending, signal);`,
  ),
  strategy(
    'goes on after an abort',
    'abort-ignored',
    'aborted-calls',
    `    const pending = memory.sync();
    const unlessAborted = (error) => { if (error.code !== 'CANCELLED') throw error; };
    await sendAll(session, pending, signal).catch(unlessAborted);
    await pages.barrier().catch(unlessAborted);
    await pages.fence().catch(unlessAborted);
    await stopAndSendRest(session, pending, signal); // here`,
  ),
  strategy(
    'counts its migrations',
    'not-repeatable',
    'busy-guest',
    `    if (migrations++ === 0) return;
    await stopAndSendRest(session, memory.noPages(), signal);`,
    'let migrations = 0;',
  ),
  strategy(
    'fails where nobody waits',
    'unheard-failure',
    'busy-guest',
    `    queueMicrotask(() => { throw new Error('later'); }); // here
    await stopAndSendRest(session, memory.noPages(), signal);`,
  ),
  // Outside of the list.
  strategy(
    'discards what it never sends again',
    null,
    'idle-guest',
    `    await sendAll(session, memory.sync(), signal);
    await guest.pause();
    const wrong = memory.noPages();
    wrong.add(2);
    await destination.discard(wrong);
    faults.serve(memory.noPages());
    await destination.sendDeviceState();
    await destination.resume('postcopy');
    await destination.complete();`,
  ),
];

/** The line of the mistake; null = it is marked nowhere. */
export const lineOf = ({ text }: BrokenStrategy): number | null => {
  const line = text.split('\n').findIndex((each) => each.endsWith('// here'));
  return line === -1 ? null : line + 1;
};

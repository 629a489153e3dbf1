import { switchesOf } from '#catalogue/capabilities';
import { codeOf, LivemigError } from '#proto/errors';
import { seedMax } from '#proto/guest';
import type { LinkProfile } from '#proto/link';
import type { TransferConfig, TransferSizes } from '#proto/strategy';
import type { LinkInForce } from '../../measure/links.ts';
import type { LinkChange } from '../../link-change.ts';
import { changedLink, changeProblems } from '../../link-change.ts';
import { figuresOver } from '../changed-link.ts';
import type { Run } from '../context.ts';
import { transferConfigOf } from '../transfer.ts';

/** A link that changes while a migration uses it, and what it was when; one change at a time. */
export interface LinkInUse {
  /**
   * Figures that are given change, the rest stays. The windows of the migration follow.
   * @throws LivemigError BAD_INPUT where the link can't become that; what the router says
   */
  change(change: LinkChange): Promise<void>;
  /** As it was calibrated; nothing where it has not been changed. @throws what the router says */
  restore(): Promise<void>;
  /** By the run's clock. */
  readonly history: readonly LinkInForce[];
}

const sizesOf = ({
  bulkWindowBytes,
  roundEndWindowBytes,
  postcopyWindowBytes,
  postcopyMessageBytes,
  leastMessageBytes,
  orderBytes,
}: TransferConfig): TransferSizes => ({
  bulkWindowBytes,
  roundEndWindowBytes,
  postcopyWindowBytes,
  postcopyMessageBytes,
  leastMessageBytes,
  orderBytes,
});

export const linkInUse = (run: Run, migrationId: string): LinkInUse => {
  const { clients, topology, profile, link, clock, scenario, patience } = run;
  const { calibration, transfer } = link.value;
  const switches = switchesOf(scenario.capabilities, scenario.transfer.dirtyBitmap);
  const history: LinkInForce[] = [
    {
      fromMs: -Infinity,
      untilMs: Infinity,
      profile,
      rttMs: calibration.rttMs,
      postcopyWindowBytes: transfer.postcopyWindowBytes,
    },
  ];
  let current: LinkProfile = profile;
  let changes = 0;
  let busy: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = busy.then(work);
    busy = turn.catch(() => undefined);
    return turn;
  };

  const apply = (to: LinkProfile, isLive: boolean): Promise<unknown> =>
    clients.wan.call('applyLink', {
      profile: to,
      backend: calibration.backend,
      delayCorrectionMs: calibration.delayCorrectionMs,
      // What comes by chance goes on, and doesn't begin again.
      seed: (scenario.seed + changes) % (seedMax + 1),
      interfaces: topology.router,
      ...(isLive ? { isLive } : {}),
      ...(run.mayHitPackets ? { mayHitPackets: true } : {}),
    });

  return {
    history,
    change: (change) =>
      inTurn(async () => {
        const to = changedLink(current, change);
        const problems = changeProblems(to);
        if (problems.length > 0) throw new LivemigError('BAD_INPUT', problems.join('; '), { problems });
        const fromMs = clock.nowMs();
        changes++;
        await apply(to, true);
        // Until it has answered, the link may have been either.
        history.at(-1)!.untilMs = clock.nowMs();
        current = to;
        const figures = figuresOver(to, profile, calibration);
        const sizes = sizesOf(transferConfigOf(figures, switches));
        history.push({
          fromMs,
          untilMs: Infinity,
          profile: to,
          rttMs: figures.rttMs,
          postcopyWindowBytes: sizes.postcopyWindowBytes,
        });
        const about = { timeoutMs: patience.noticeMs, migrationId };
        await clients.source.call('migrateSetTransfer', sizes, about).catch((error: unknown) => {
          // It hasn't begun, or has ended.
          if (codeOf(error) !== 'ILLEGAL_PHASE') throw error;
        });
      }),
    restore: () =>
      inTurn(async () => {
        if (current === profile) return;
        changes = 0;
        await apply(profile, false);
        current = profile;
      }),
  };
};

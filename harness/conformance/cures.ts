import type { MigrationSession, TransferStrategy } from '#hosts/ports';
import type { PageSet } from '#hosts/guest/page-set';
import { sendAll } from '#catalogue/strategies/parts/switchover';
import type { DiagnosisCode } from './diagnoses.ts';

/** What a strategy is known to have left to do. */
interface Left {
  /** What `memory.sync()` returned and nothing has sent since. */
  pending: PageSet;
  /** Those of them that the destination has older copies of. */
  stale: PageSet;
}

/** Does what a strategy forgot, just before the device state goes. */
type Cure = (session: MigrationSession, left: Left, signal: AbortSignal) => Promise<void>;

const sendPending: Cure = (session, { pending }, signal) => sendAll(session, pending, signal);

/** Of diagnoses that say what is missing: so it can be tried whether that was it. */
const cures: Readonly<Partial<Record<DiagnosisCode, Cure>>> = {
  'forgotten-discard': ({ destination }, { stale }) => destination.discard(stale),
  'early-switchover': sendPending,
  'missing-last-sync': (session, left, signal) => {
    left.pending.addAll(session.memory.sync());
    return sendPending(session, left, signal);
  },
};

const curedSession = (session: MigrationSession, cure: Cure, signal: AbortSignal): MigrationSession => {
  const { memory, pages, destination } = session;
  const pending = memory.noPages();
  const sent = memory.noPages();
  const copyOf = (of: PageSet): PageSet => {
    const copy = memory.noPages();
    copy.addAll(of);
    return copy;
  };
  return {
    ...session,
    memory: {
      ...memory,
      sync: () => {
        const found = memory.sync();
        pending.addAll(found);
        return found;
      },
    },
    pages: {
      sendBatch: async (set, from, skip) => {
        const taken = copyOf(set);
        const next = await pages.sendBatch(set, from, skip);
        taken.deleteAll(set);
        pending.deleteAll(taken);
        sent.addAll(taken);
        return next;
      },
      barrier: () => pages.barrier(),
      fence: () => pages.fence(),
      get sentBytes() {
        return pages.sentBytes;
      },
      get confirmedBytes() {
        return pages.confirmedBytes;
      },
      get sentPages() {
        return pages.sentPages;
      },
    },
    destination: {
      ...destination,
      sendDeviceState: async () => {
        const stale = copyOf(pending);
        const neverSent = copyOf(pending);
        neverSent.deleteAll(sent);
        stale.deleteAll(neverSent);
        await cure(session, { pending, stale }, signal);
        await destination.sendDeviceState();
      },
    },
  };
};

/** The strategy, with what a diagnosis misses done in its place; null = the diagnosis doesn't say what that would be. */
export const cured = (strategy: TransferStrategy, code: DiagnosisCode): TransferStrategy | null => {
  const cure = cures[code];
  if (cure === undefined) return null;
  return {
    name: strategy.name,
    migrate: (session, signal) => strategy.migrate(curedSession(session, cure, signal), signal),
  };
};

import { xenSuspends } from '#catalogue/stop-rules/parts/xen-rule';

/**
 * Pre-copy under Xen's rule, replayed on paper (Akoush et al., "Predicting the Performance of Virtual Machine Migration",
 * MASCOTS 2010). How many pages a round finds dirtied is the model's to say: avg.ts, hist.ts. Pure.
 */

/** What a migration costs besides its pages: from calibration runs, which aren't the predicted ones. */
export interface Figures {
  /** Payload of pages. */
  bytesPerMs: number;
  rttMs: number;
  /** Before the first page. */
  preMs: number;
  /** Of the downtime, what isn't spent on pages. */
  postMs: number;
  pageSizeBytes: number;
}

/** Of what is to be migrated. */
export interface Ram {
  pageCount: number;
  /** Pages with content, which are all that the first round has to carry. */
  nonZeroPages: number;
}

/** A round, as a model sees it. Pages may be fractions: they are expected values. */
export interface ModelRound {
  /** Pages that were to be sent, those included that were skipped as they had been dirtied again before their turn. */
  takenPages: number;
  /** Pages that cost the link their bytes. */
  sentPages: number;
  durationMs: number;
}

/** A model of what a guest dirties, for one migration. */
export interface DirtyModel {
  /** All of the RAM; nothing is skipped. */
  first(): ModelRound;
  /** What was dirtied in the round before. */
  next(): ModelRound;
  /** Pages dirtied in the newest round. */
  readonly pendingPages: number;
}

/** What a model predicts for one migration. */
export interface Predicted {
  totalTimeMs: number;
  downtimeMs: number;
  rounds: number;
  /** In all rounds and in the downtime; zero pages aren't among them. */
  sentPages: number;
}

/** Time on the link of a page. */
export const pageMs = ({ pageSizeBytes, bytesPerMs }: Figures): number => pageSizeBytes / bytesPerMs;

/** The rounds of a migration, until Xen would suspend the guest, and what follows. */
export const predictPreCopy = (model: DirtyModel, ram: Ram, figures: Figures): Predicted => {
  let precopyMs = 0;
  let sentPages = 0;
  for (let round = 1; ; round++) {
    const { takenPages, sentPages: sent, durationMs } = round === 1 ? model.first() : model.next();
    precopyMs += durationMs;
    sentPages += sent;
    // Zero pages cost no bytes, but Xen counts them as sent.
    const countedPages = sentPages + ram.pageCount - ram.nonZeroPages;
    if (!xenSuspends(round, takenPages, countedPages, ram.pageCount)) continue;
    const downtimeMs = model.pendingPages * pageMs(figures) + figures.postMs;
    return {
      totalTimeMs: figures.preMs + precopyMs + downtimeMs,
      downtimeMs,
      rounds: round,
      sentPages: sentPages + model.pendingPages,
    };
  }
};

import type { DirtyModel, Figures, ModelRound, Ram } from './loop.ts';
import { pageMs } from './loop.ts';

/**
 * Model AVG: pages are dirtied at a constant rate, each of them once before any is dirtied again. It knows no page by its
 * number, so a page that waits for time t has been dirtied again with probability rate · t / RAM.
 */
export const avgModel = (ram: Ram, pagesPerMs: number, figures: Figures): DirtyModel => {
  const perPageMs = pageMs(figures);
  let pendingPages = ram.pageCount;
  const round = (takenPages: number, sendingMs: number): ModelRound => {
    const durationMs = sendingMs + figures.rttMs;
    pendingPages = Math.min(ram.pageCount, pagesPerMs * durationMs);
    return { takenPages, sentPages: sendingMs / perPageMs, durationMs };
  };
  return {
    first: () => round(ram.pageCount, ram.nonZeroPages * perPageMs),
    next: () => {
      const takenPages = pendingPages;
      const plainMs = takenPages * perPageMs;
      // The time t(n) that n pages take obeys dt/dn = perPageMs · (1 − rate · t / RAM).
      const perRamMs = pagesPerMs / ram.pageCount;
      const sendingMs = perRamMs === 0 ? plainMs : -Math.expm1(-perRamMs * plainMs) / perRamMs;
      return round(takenPages, sendingMs);
    },
    get pendingPages() {
      return pendingPages;
    },
  };
};

/** Xen's legacy rule (xc_domain_save.c), as Akoush et al. 2010 model it. */
export const xenRule = { maxIterations: 29, fewPages: 50, maxFactor: 3 } as const;

/** Whether Xen suspends after an iteration. `pagesTaken` includes skipped pages. */
export const xenSuspends = (
  iteration: number,
  pagesTaken: number,
  sentPages: number,
  pageCount: number,
): boolean =>
  iteration >= xenRule.maxIterations ||
  pagesTaken < xenRule.fewPages ||
  sentPages > xenRule.maxFactor * pageCount;

import type { ControlHandlers } from '#proto/control';
import { LivemigError } from '#proto/errors';
import { encodeLinkSamples } from '#proto/link-samples';
import type { LinkSampler } from './link-sampler.ts';

export interface LinkSampling {
  handlers: Required<Pick<ControlHandlers, 'startLinkSamples' | 'stopLinkSamples'>>;
  /** Drops samples that nobody has requested. */
  close(): void;
}

/** A router's methods for samples of its link. @param begin starts sampling */
export const linkSampling = (begin: (intervalMs: number) => LinkSampler): LinkSampling => {
  let sampler: LinkSampler | undefined;
  return {
    handlers: {
      startLinkSamples: async ({ intervalMs }) => {
        // Samples of a failed migration, which nobody requested.
        sampler?.close();
        sampler = begin(intervalMs);
        return {};
      },
      stopLinkSamples: async () => {
        const ended = sampler;
        sampler = undefined;
        if (ended === undefined)
          throw new LivemigError('ILLEGAL_PHASE', 'no samples are taken; call startLinkSamples first');
        const samples = ended.stop();
        return { result: { count: samples.atMs.length }, blob: encodeLinkSamples(samples) };
      },
    },
    close: () => {
      sampler?.close();
    },
  };
};

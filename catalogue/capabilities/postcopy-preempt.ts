import { defineCapability } from '../capability.ts';

/** Implemented by the transfer (hosts/transfer/demand-faults.ts), through the handshake's field `faultsInStream`. */
export default defineCapability({
  name: 'postcopy-preempt',
  help: 'demand pages on a dedicated connection; =off: they go next on the bulk stream; on by default',
  values: {
    meaning:
      'send a batch from the faulted page on, in the stream, and stall the push for it: single-threaded sources',
    words: ['blocking'],
    whenBare: true,
  },
  isOnByDefault: true,
  isOutOfAgreement: true,
  sets: (value) => ({ faults: value === true ? 'preempt' : 'blocking' }),
  refuses: ({ strategy, traits, limits, settings: { faults, channels, mayStartPostcopy } }) => [
    ...(faults !== 'preempt' && traits.postcopy === false && !mayStartPostcopy
      ? [`${strategy} has no demand faults to answer ${faults}; hybrid and post-copy do`]
      : []),
    ...(faults !== 'preempt' && channels > 1
      ? [`${faults} needs a single stream for all pages, got ${channels} channels`]
      : []),
    ...(faults === 'blocking' && limits.postcopyPushDelayMs > 0
      ? ['blocking answers faults only through the push, which limits.postcopyPushDelayMs would delay']
      : []),
  ],
});

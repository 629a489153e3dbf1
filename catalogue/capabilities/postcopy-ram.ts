import { defineCapability } from '../capability.ts';

/** Implemented by the session (hosts/ordered-switchover.ts). */
export default defineCapability({
  name: 'postcopy-ram',
  help: 'pre-copy may be switched to post-copy while it runs: by an order, by `onTimeout` or by `timeline`',
  isOutOfAgreement: true,
  sets: () => ({ mayStartPostcopy: true }),
  refuses: ({ strategy, traits }) =>
    traits.live === false || traits.precopy === false
      ? `${strategy} has no pre-copy that could be switched to post-copy`
      : traits.postcopy !== false
        ? `${strategy} has post-copy, and can be switched to it without this capability`
        : undefined,
});

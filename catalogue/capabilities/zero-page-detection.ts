import { defineCapability } from '../capability.ts';

/** Implemented by the transfer (hosts/transfer/batcher.ts). */
export default defineCapability({
  name: 'zero-page-detection',
  help: 'send only the number of a zero page; on by default',
  isOnByDefault: true,
  sets: () => ({ zeroPages: true }),
});

import type { StrategyName } from '../../proto/strategy.ts';
import type { TransferStrategy } from '../ports.ts';
import { hybrid } from './hybrid.ts';
import { postCopy } from './post-copy.ts';
import { preCopy } from './pre-copy.ts';
import { stopAndCopy } from './stop-and-copy.ts';

/** Every strategy by name: a new one is a file, its name in proto/strategy.ts, and a line here. */
export const strategies: Record<StrategyName, TransferStrategy> = {
  'stop-and-copy': stopAndCopy,
  'pre-copy': preCopy,
  'post-copy': postCopy,
  hybrid,
};

/** `livemig/strategy`: everything that a custom strategy may import. */
export type {
  Clock,
  DestinationControl,
  DirtyTracker,
  FaultService,
  GuestControl,
  MigrationSession,
  PageSender,
  StrategyTraits,
  TransferStrategy,
} from '#hosts/ports';
export type { PageSet } from '#hosts/guest/page-set';
export type { Limits } from './limits.ts';
export { LivemigError } from '#proto/errors';
export { Bandwidth } from './strategies/parts/bandwidth.ts';
export { checkBounds, fitsDowntime } from './strategies/parts/convergence.ts';
export { sendAll, stopAndSendRest, switchToPostcopy } from './strategies/parts/switchover.ts';

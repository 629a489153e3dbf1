/** What a strategy of one's own may import: `livemig/strategy`. */
export type {
  Clock,
  DestinationControl,
  DirtyTracker,
  FaultService,
  GuestControl,
  MigrationSession,
  PageSender,
  TransferStrategy,
} from '../ports.ts';
export type { PageSet } from '../guest/page-set.ts';
export type { Limits } from '../../proto/strategy.ts';
export { LivemigError } from '../../proto/errors.ts';
export { Bandwidth } from './bandwidth.ts';
export { checkBounds, fitsDowntime } from './convergence.ts';
export { sendAll, stopAndSendRest, switchToPostcopy } from './switchover.ts';

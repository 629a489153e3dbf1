import type { SwitchoverOrder } from '#proto/strategy';

/** What each order means, for people. */
export const switchoverText: Readonly<Record<SwitchoverOrder, string>> = {
  force: 'stop the guest and complete, whatever the downtime',
  postcopy: 'resume the guest at the destination, and send the rest after it',
};

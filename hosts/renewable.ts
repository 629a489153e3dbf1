import { BehaviorSubject, switchMap } from 'rxjs';
import type { Whom } from '#proto/control-service';
import type { ControlHandlers, ControlMethod } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { Role } from './role.ts';

export interface RenewableRole extends Role {
  /** Drops the guest, the link and whatever was ordered, and starts over. @throws what making or closing a role does */
  renew(): Promise<void>;
}

/** A role that can start over in the same process. */
export const renewable = (make: () => Role): RenewableRole => {
  const current = new BehaviorSubject(make());
  let isRenewing = false;
  const methods = Object.keys(current.value.handlers) as ControlMethod[];
  const delegated = methods.map((method) => [
    method,
    async (argument: never, blob: Buffer | undefined, whom: Whom): Promise<unknown> => {
      if (isRenewing)
        throw new LivemigError(
          'ILLEGAL_PHASE',
          `${method}: expected a host that is up; it lost its harness and begins anew`,
        );
      return current.value.handlers[method]?.(argument, blob, whom);
    },
  ]);
  return {
    handlers: Object.fromEntries(delegated) as ControlHandlers,
    events: current.pipe(switchMap(({ events }) => events)),
    renew: async () => {
      isRenewing = true;
      await current.value.close();
      current.next(make());
      isRenewing = false;
    },
    close: () => current.value.close(),
  };
};

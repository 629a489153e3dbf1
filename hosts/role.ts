import type { Observable } from 'rxjs';
import type { ControlHandlers } from '#proto/control';
import type { ToldEvent } from '#proto/control-service';

/** What one kind of host contributes to its agent. */
export interface Role {
  handlers: ControlHandlers;
  events: Observable<ToldEvent>;
  /** Stop and remove what the role has started on its host. */
  close(): Promise<void>;
}

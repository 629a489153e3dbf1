import type { Observable } from 'rxjs';
import type { ControlHandlers } from '../proto/control.ts';
import type { AgentEvent } from '../proto/events.ts';

/** What one kind of host contributes to its agent. */
export interface Role {
  handlers: ControlHandlers;
  events: Observable<AgentEvent>;
  /** Stop and remove what the role has started on its host. */
  close(): Promise<void>;
}

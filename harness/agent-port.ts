import type { Observable } from 'rxjs';
import type { ToldEvent, Whom } from '#proto/control-service';
import type { ArgumentOf, ControlMethod, ResultOf } from '#proto/control';

/** Also which guest and which migration is meant. */
export interface CallOptions extends Whom {
  blob?: Buffer;
  /** Without an answer by then the call is given up; 30 s where nothing is said. */
  timeoutMs?: number;
  /** Where nobody listens, say so at once instead of waiting for someone to come. */
  isUrgent?: boolean;
}

/** A call as it is sent: what isn't said isn't in it. */
export const askedOf = <M extends ControlMethod>(
  method: M,
  argument: ArgumentOf<M>,
  { hostId, guestId, migrationId, blob }: CallOptions,
) => ({
  method,
  argument,
  ...(hostId === undefined ? {} : { hostId }),
  ...(guestId === undefined ? {} : { guestId }),
  ...(migrationId === undefined ? {} : { migrationId }),
  ...(blob === undefined ? {} : { blob }),
});

/** The harness's end of one agent's management plane, whatever is in between: a socket, or nothing. */
export interface AgentPort {
  /**
   * @throws LivemigError the agent's own, AGENT_UNREACHABLE, TIMEOUT, VERSION_MISMATCH, PROTOCOL_VIOLATION where its answer
   * isn't what the method promises, or BAD_INPUT where the argument isn't what it takes.
   */
  call<M extends ControlMethod>(
    method: M,
    argument: ArgumentOf<M>,
    options?: CallOptions,
  ): Promise<ResultOf<M>>;
  callWithBlob<M extends ControlMethod>(
    method: M,
    argument: ArgumentOf<M>,
    options?: CallOptions,
  ): Promise<{ result: ResultOf<M>; blob: Buffer }>;
  /** Completes when the agent goes away. */
  readonly events: Observable<ToldEvent>;
  close(): void;
}

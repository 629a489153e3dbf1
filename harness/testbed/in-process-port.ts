import type { Observable } from 'rxjs';
import { answer } from '#hosts/control-server';
import { parseArgument } from '#proto/control-arguments';
import { parseResult } from '#proto/control-results';
import type { ToldEvent } from '#proto/control-service';
import type { ControlHandlers } from '#proto/control';
import { readErrorDocument } from '#proto/errors';
import { askedOf } from '../agent-port.ts';
import type { AgentPort } from '../agent-port.ts';
import type { Clock } from '../clock.ts';
import { within } from '../within.ts';

const defaultTimeoutMs = 30_000;

export interface InProcessBounds {
  /** For messages. */
  name: string;
  /** By which calls are given up. */
  clock: Clock;
  /** Rejects when nothing can come of any call any more. */
  failed: Promise<never>;
}

/**
 * A line to an agent of this process: no socket, and what is said on it is held against the same contract.
 */
export const inProcessPort = (
  handlers: ControlHandlers,
  events: Observable<ToldEvent>,
  { name, clock, failed }: InProcessBounds,
): AgentPort => {
  const callWithBlob: AgentPort['callWithBlob'] = async (method, argument, options = {}) => {
    const { timeoutMs = defaultTimeoutMs } = options;
    // Whoever asks for what nobody takes hears it from either side.
    parseArgument(method, argument);
    const work = answer(handlers, askedOf(method, argument, options));
    const {
      error,
      result,
      blob: answered,
    } = await within(Promise.race([work, failed]), timeoutMs, `${name}'s ${method}`, clock);
    if (error !== undefined) throw readErrorDocument(error);
    return { result: parseResult(method, result), blob: answered ?? Buffer.alloc(0) };
  };
  return {
    callWithBlob,
    call: async (method, argument, options) => (await callWithBlob(method, argument, options)).result,
    events,
    close: () => undefined,
  };
};

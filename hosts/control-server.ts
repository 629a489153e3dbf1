import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { sendUnaryData, ServerInterceptor, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import type { Observable, Subscription } from 'rxjs';
import { controlMessageMaxBytes, controlService } from '../proto/control-service.ts';
import type { ControlEvent, ControlRequest, ControlResponse } from '../proto/control-service.ts';
import type { ControlHandlers } from '../proto/control.ts';
import { LivemigError, messageOf, toErrorDocument } from '../proto/errors.ts';
import type { AgentEvent } from '../proto/events.ts';

type AnyHandler = (argument: unknown, blob: Buffer | undefined) => Promise<unknown>;

const answer = async (handlers: ControlHandlers, request: ControlRequest): Promise<ControlResponse> => {
  try {
    const handler = (handlers as Record<string, AnyHandler | undefined>)[request.method];
    if (handler === undefined) {
      const known = Object.keys(handlers).join(', ');
      throw new LivemigError('INTERNAL', `this host has no method ${request.method}; it has ${known}`);
    }
    const blob = request.blob !== undefined && request.blob.length > 0 ? request.blob : undefined;
    const outcome = await handler(JSON.parse(request.json), blob);
    const hasBlob =
      typeof outcome === 'object' && outcome !== null && 'blob' in outcome && 'result' in outcome;
    return hasBlob
      ? { json: JSON.stringify(outcome.result), blob: outcome.blob as Buffer }
      : { json: JSON.stringify(outcome ?? {}) };
  } catch (error) {
    return { error: JSON.stringify(toErrorDocument(error)) };
  }
};

/**
 * Serves the management plane of one agent.
 * @param listen gRPC address: `unix:/path` or `host:port` (port 0 picks one).
 * @param admission who is let in; undefined = everyone who reaches the address.
 * @throws LivemigError TESTBED_FAILED when the address can't be bound.
 */
export const serveControl = async (
  listen: string,
  handlers: ControlHandlers,
  events: Observable<AgentEvent>,
  admission?: ServerInterceptor,
): Promise<{ port: number; close: () => void }> => {
  const server = new Server({
    'grpc.max_receive_message_length': controlMessageMaxBytes,
    'grpc.max_send_message_length': controlMessageMaxBytes,
    interceptors: admission === undefined ? [] : [admission],
  });
  server.addService(controlService, {
    call: (call: ServerUnaryCall<ControlRequest, ControlResponse>, reply: sendUnaryData<ControlResponse>) => {
      void answer(handlers, call.request).then((response) => {
        reply(null, response);
      });
    },
    events: (call: ServerWritableStream<object, ControlEvent>) => {
      const subscription: Subscription = events.subscribe((event) =>
        call.write({ json: JSON.stringify(event) }),
      );
      call.on('cancelled', () => {
        subscription.unsubscribe();
        call.end();
      });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else
        reject(
          new LivemigError('TESTBED_FAILED', `can't listen on ${listen}: ${messageOf(error)}`, {
            cause: error,
          }),
        );
    });
  });
  return {
    port,
    close: () => {
      server.forceShutdown();
    },
  };
};

import { Server, ServerCredentials } from '@grpc/grpc-js';
import type {
  sendUnaryData,
  ServerDuplexStream,
  ServerInterceptor,
  ServerUnaryCall,
  ServerWritableStream,
} from '@grpc/grpc-js';
import type { Observable, Subscription } from 'rxjs';
import { isControlMethod, methodsWithBlob, parseArgument } from '../proto/control-arguments.ts';
import {
  controlJsonMaxBytes,
  controlRequestMaxBytes,
  controlResponseMaxBytes,
  controlService,
} from '../proto/control-service.ts';
import type { ControlEvent, ControlRequest, ControlResponse } from '../proto/control-service.ts';
import type { ControlHandlers } from '../proto/control.ts';
import { LivemigError, messageOf, toErrorDocument } from '../proto/errors.ts';
import type { AgentEvent } from '../proto/events.ts';
import type { Heartbeat, Leased } from '../proto/lease.ts';
import type { Lease } from './lease.ts';

type AnyHandler = (argument: unknown, blob: Buffer | undefined) => Promise<unknown>;

/** A run has two; whoever asks for more at once waits. */
const streamsPerConnectionMax = 32;
const nameShown = 40;

const badCall = (problem: string, cause?: unknown): LivemigError =>
  new LivemigError('BAD_INPUT', problem, { problems: [problem], cause });

const parsed = (json: string): unknown => {
  if (json.length > controlJsonMaxBytes)
    throw badCall(`expected an argument of ${controlJsonMaxBytes} bytes of JSON at most, got ${json.length}`);
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw badCall('expected an argument in JSON', cause);
  }
};

/** The handler of a method and what it is to be called with, all of it looked at. */
const prepare = (
  handlers: ControlHandlers,
  { method, json, blob }: ControlRequest,
): (() => Promise<unknown>) => {
  const handler =
    isControlMethod(method) && Object.hasOwn(handlers, method)
      ? (handlers[method] as AnyHandler | undefined)
      : undefined;
  if (handler === undefined || !isControlMethod(method)) {
    const asked = JSON.stringify(method.slice(0, nameShown));
    throw badCall(`this host has no method ${asked}; it has ${Object.keys(handlers).join(', ')}`);
  }
  const argument = parseArgument(method, parsed(json));
  const hasBlob = blob !== undefined && blob.length > 0;
  if (hasBlob && !methodsWithBlob.includes(method)) throw badCall(`${method}: expected no blob`);
  return () => handler(argument, hasBlob ? blob : undefined);
};

/** Calls a method. Never throws: whatever is wrong, or goes wrong, is the answer. */
export const answer = async (
  handlers: ControlHandlers,
  request: ControlRequest,
): Promise<ControlResponse> => {
  try {
    const outcome = await prepare(handlers, request)();
    const hasBlob =
      typeof outcome === 'object' && outcome !== null && 'blob' in outcome && 'result' in outcome;
    return hasBlob
      ? { json: JSON.stringify(outcome.result), blob: outcome.blob as Buffer }
      : { json: JSON.stringify(outcome ?? {}) };
  } catch (error) {
    return { error: JSON.stringify(toErrorDocument(error)) };
  }
};

/** One harness's hold on this host, for as long as its stream is there. */
const serveLease = (call: ServerDuplexStream<Heartbeat, Leased>, lease: Lease): void => {
  let isFirst = true;
  call.on('error', () => undefined);
  call.on('data', ({ holder, id, release }: Heartbeat) => {
    if (isFirst) {
      isFirst = false;
      void lease.take(id, holder, call).then((refusal) => {
        if (call.cancelled) lease.left(call);
        else call.write({ refusal: refusal ?? '' });
      });
    } else if (release)
      void lease.release(call).then(() => {
        call.end();
      });
    else lease.heard(call);
  });
  call.on('cancelled', () => {
    lease.left(call);
  });
  call.on('end', () => {
    lease.left(call);
    call.end();
  });
};

/**
 * Serves the management plane of one agent.
 * @param listen gRPC address: `unix:/path` or `host:port` (port 0 picks one).
 * @param admission who is let in; undefined = everyone who reaches the address.
 * @param lease whose the host is; without one it is nobody's.
 * @throws LivemigError TESTBED_FAILED when the address can't be bound.
 */
export const serveControl = async (
  listen: string,
  handlers: ControlHandlers,
  events: Observable<AgentEvent>,
  admission?: ServerInterceptor,
  lease?: Lease,
): Promise<{ port: number; close: () => void }> => {
  const server = new Server({
    'grpc.max_receive_message_length': controlRequestMaxBytes,
    'grpc.max_send_message_length': controlResponseMaxBytes,
    'grpc.max_concurrent_streams': streamsPerConnectionMax,
    interceptors: admission === undefined ? [] : [admission],
  });
  const { call: callMethod, events: eventsMethod } = controlService;
  server.addService(
    { call: callMethod, events: eventsMethod },
    {
      call: (
        call: ServerUnaryCall<ControlRequest, ControlResponse>,
        reply: sendUnaryData<ControlResponse>,
      ) => {
        void answer(handlers, call.request).then((response) => {
          reply(null, response);
        });
      },
      events: (call: ServerWritableStream<object, ControlEvent>) => {
        const subscription: Subscription = events.subscribe((event) =>
          call.write({ json: JSON.stringify(event) }),
        );
        call.on('error', () => undefined);
        call.on('cancelled', () => {
          subscription.unsubscribe();
          call.end();
        });
      },
    },
  );
  if (lease !== undefined)
    server.addService(
      { lease: controlService.lease },
      {
        lease: (call: ServerDuplexStream<Heartbeat, Leased>) => {
          serveLease(call, lease);
        },
      },
    );
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

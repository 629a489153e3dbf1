import { Server, ServerCredentials } from '@grpc/grpc-js';
import type {
  sendUnaryData,
  ServerDuplexStream,
  ServerInterceptor,
  ServerUnaryCall,
  ServerWritableStream,
} from '@grpc/grpc-js';
import type { Observable, Subscription } from 'rxjs';
import { isControlMethod, methodsWithBlob, parseArgument, parseWhom } from '#proto/control-arguments';
import {
  contractMismatch,
  controlContract,
  controlRequestMaxBytes,
  controlResponseMaxBytes,
  controlService,
} from '#proto/control-service';
import type { ControlRequest, ControlResponse, ToldEvent, Whom } from '#proto/control-service';
import type { ControlHandlers } from '#proto/control';
import { LivemigError, messageOf, toErrorDocument } from '#proto/errors';
import type { Heartbeat, Leased } from '#proto/lease';
import type { Lease } from './lease.ts';

type AnyHandler = (argument: unknown, blob: Buffer | undefined, whom: Whom) => Promise<unknown>;

/** A run needs two; further ones wait. */
const streamsPerConnectionMax = 32;
const nameShown = 40;

const badCall = (problem: string): LivemigError =>
  new LivemigError('BAD_INPUT', problem, { problems: [problem] });

/** A call as requested, whatever the wire. */
export type Asked = Omit<ControlRequest, 'contract'>;
export type Answered = Omit<ControlResponse, 'contract'>;

/** The handler of a method and its arguments, all validated. */
const prepare = (
  handlers: ControlHandlers,
  { method, argument: given, blob, hostId, guestId, migrationId }: Asked,
): (() => Promise<unknown>) => {
  const handler =
    isControlMethod(method) && Object.hasOwn(handlers, method)
      ? (handlers[method] as AnyHandler | undefined)
      : undefined;
  if (handler === undefined || !isControlMethod(method)) {
    const asked = JSON.stringify(method.slice(0, nameShown));
    throw badCall(`this host has no method ${asked}; it has ${Object.keys(handlers).join(', ')}`);
  }
  const whom = parseWhom({ hostId, guestId, migrationId });
  const argument = parseArgument(method, given);
  const hasBlob = blob !== undefined && blob.length > 0;
  if (hasBlob && !methodsWithBlob.includes(method)) throw badCall(`${method}: expected no blob`);
  return () => handler(argument, hasBlob ? blob : undefined, whom);
};

/** Calls a method. Never throws: whatever goes wrong is in the answer. */
export const answer = async (handlers: ControlHandlers, request: Asked): Promise<Answered> => {
  const { method } = request;
  try {
    const outcome = await prepare(handlers, request)();
    const hasBlob =
      typeof outcome === 'object' && outcome !== null && 'blob' in outcome && 'result' in outcome;
    return hasBlob
      ? { method, result: outcome.result, blob: outcome.blob as Buffer }
      : { method, result: outcome ?? {} };
  } catch (error) {
    return { method, result: null, error: toErrorDocument(error) };
  }
};

/** One harness's hold on this host, for as long as its stream lasts. */
const serveLease = (call: ServerDuplexStream<Heartbeat, Leased>, lease: Lease): void => {
  let isFirst = true;
  let isOver = false;
  const leave = (): void => {
    isOver = true;
    lease.left(call);
  };
  const take = async ({ id, holder }: Heartbeat): Promise<void> => {
    const refusal = await lease.take(id, holder, call);
    if (!isOver) call.write({ refusal: refusal ?? '', contract: controlContract });
  };
  call.on('error', () => undefined);
  call.on('data', (heartbeat: Heartbeat) => {
    if (isOver) return;
    if (heartbeat.contract !== controlContract) {
      leave();
      // The answer says which version this side speaks; whoever reads it decides whose fault that is.
      call.write({
        refusal: messageOf(contractMismatch('the harness', heartbeat.contract)),
        contract: controlContract,
      });
      call.end();
    } else if (isFirst) {
      isFirst = false;
      void take(heartbeat);
    } else if (heartbeat.release)
      void lease.release(call).then(() => {
        call.end();
      });
    else lease.heard(call);
  });
  call.on('cancelled', leave);
  call.on('end', () => {
    leave();
    call.end();
  });
};

/**
 * Serves the management plane of one agent.
 * @param listen gRPC address: `unix:/path` or `host:port` (port 0 picks one).
 * @param admission who is let in; undefined = everyone who reaches the address.
 * @param lease the harness that has the host; without one, nobody does.
 * @throws LivemigError TESTBED_FAILED when the address can't be bound.
 */
export const serveControl = async (
  listen: string,
  handlers: ControlHandlers,
  events: Observable<ToldEvent>,
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
        const { contract, ...asked } = call.request;
        const answered =
          contract === controlContract
            ? answer(handlers, asked)
            : Promise.resolve({
                method: '',
                result: null,
                error: toErrorDocument(contractMismatch('the harness', contract)),
              });
        void answered.then((response) => {
          reply(null, { contract: controlContract, ...response });
        });
      },
      events: (call: ServerWritableStream<object, ToldEvent>) => {
        const subscription: Subscription = events.subscribe((event) => call.write(event));
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

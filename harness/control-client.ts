import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { MetadataOptions } from '@grpc/grpc-js';
import { Observable } from 'rxjs';
import {
  authorizationKey,
  authorizationOf,
  controlTokenVariable,
  parseAgentAddress,
} from '../proto/agent-address.ts';
import { controlRequestMaxBytes, controlResponseMaxBytes, controlService } from '../proto/control-service.ts';
import type { ControlEvent, ControlRequest, ControlResponse } from '../proto/control-service.ts';
import type { AgentEvent, ArgumentOf, ControlMethod, ResultOf } from '../proto/control.ts';
import { LivemigError, readErrorDocument } from '../proto/errors.ts';
import { readEvent } from '../proto/event-schema.ts';
import { boundText } from './within.ts';

/** The harness's end of an agent's management plane. */
export interface AgentClient {
  /** @throws LivemigError the agent's own, or AGENT_UNREACHABLE, or TIMEOUT. */
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
  readonly events: Observable<AgentEvent>;
  close(): void;
}

export interface CallOptions {
  blob?: Buffer;
  /** Without an answer by then the call is given up; 30 s where nothing is said. */
  timeoutMs?: number;
  /** Where nobody listens, say so at once instead of waiting for someone to come. */
  isUrgent?: boolean;
}

const defaultTimeoutMs = 30_000;
const unauthenticated = 16;
const { call, events } = controlService;

/** @throws LivemigError PROTOCOL_VIOLATION where it is no JSON object */
const readAnswer = (json: string, whose: string): unknown => {
  let answer: unknown;
  let cause: unknown;
  try {
    answer = JSON.parse(json);
  } catch (error) {
    cause = error;
  }
  if (typeof answer === 'object' && answer !== null) return answer;
  throw new LivemigError('PROTOCOL_VIOLATION', `expected an answer of the ${whose}, got no JSON object`, {
    cause,
  });
};

/** @param address of the agent: `unix:/path`, `host:port` or `TOKEN@host:port`. */
export const connectAgent = (name: string, address: string): AgentClient => {
  const { target, token } = parseAgentAddress(address);
  const metadataOf = (options?: MetadataOptions): Metadata => {
    const metadata = new Metadata(options);
    if (token !== null) metadata.set(authorizationKey, authorizationOf(token));
    return metadata;
  };
  const client = new Client(target, credentials.createInsecure(), {
    'grpc.max_receive_message_length': controlResponseMaxBytes,
    'grpc.max_send_message_length': controlRequestMaxBytes,
    'grpc.default_authority': 'livemig',
  });

  const pending = new Set<{ cancel: () => void }>();

  const callWithBlob: AgentClient['callWithBlob'] = async (method, argument, options = {}) => {
    const request: ControlRequest = {
      method,
      json: JSON.stringify(argument),
      ...(options.blob === undefined ? {} : { blob: options.blob }),
    };
    const { timeoutMs = defaultTimeoutMs, isUrgent = false } = options;
    const response = await new Promise<ControlResponse>((resolve, reject) => {
      // A bound of our own: gRPC's deadlines are moments on the wall clock, which may be set.
      let isLate = false;
      const unary = client.makeUnaryRequest(
        call.path, call.requestSerialize, call.responseDeserialize, request, metadataOf({ waitForReady: !isUrgent }),
        (error: (Error & { code?: number }) | null, value?: ControlResponse) => {
          clearTimeout(timer);
          pending.delete(unary);
          if (value !== undefined) resolve(value);
          else if (isLate)
            reject(new LivemigError('TIMEOUT', `the ${name} agent at ${target} did not answer ${method} within ${boundText(timeoutMs)}`));
          else {
            const hint = error?.code === unauthenticated ? `; set ${controlTokenVariable} to its token` : '';
            reject(new LivemigError('AGENT_UNREACHABLE', `${name} agent at ${target}, method ${method}${hint}`, { cause: error }));
          }
        },
      ); // prettier-ignore
      pending.add(unary);
      const timer = setTimeout(() => {
        isLate = true;
        unary.cancel();
      }, timeoutMs);
    });
    if (response.error) throw readErrorDocument(response.error);
    const result = readAnswer(
      response.json ?? '{}',
      `${name} agent at ${target}, method ${method}`,
    ) as ResultOf<typeof method>;
    return { result, blob: response.blob ?? Buffer.alloc(0) };
  };

  return {
    callWithBlob,
    call: async (method, argument, options) => (await callWithBlob(method, argument, options)).result,
    events: new Observable<AgentEvent>((subscriber) => {
      const stream = client.makeServerStreamRequest(
        events.path,
        events.requestSerialize,
        events.responseDeserialize,
        {},
        metadataOf(),
      );
      stream.on('data', (event: ControlEvent) => {
        // What isn't an event is nobody's evidence, and must not end the harness.
        const told = readEvent(event.json);
        if (told !== null) subscriber.next(told);
      });
      // The stream's end, however it comes, is the agent's end; the pending call reports why.
      stream.on('error', () => {
        subscriber.complete();
      });
      stream.on('end', () => {
        subscriber.complete();
      });
      return () => {
        stream.cancel();
      };
    }),
    close: () => {
      // A call that waits for someone to listen would outlive its client.
      for (const unary of pending) unary.cancel();
      client.close();
    },
  };
};

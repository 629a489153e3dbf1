import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { MetadataOptions } from '@grpc/grpc-js';
import { Observable } from 'rxjs';
import {
  authorizationKey,
  authorizationOf,
  controlTokenVariable,
  parseAgentAddress,
} from '#proto/agent-address';
import { parseArgument } from '#proto/control-arguments';
import { parseResult } from '#proto/control-results';
import {
  contractMismatch,
  controlContract,
  controlRequestMaxBytes,
  controlResponseMaxBytes,
  controlService,
} from '#proto/control-service';
import type { ControlRequest, ControlResponse, ToldEvent } from '#proto/control-service';
import type { ControlMethod, ResultOf } from '#proto/control';
import { LivemigError, readErrorDocument } from '#proto/errors';
import { readEvent } from '#proto/event-schema';
import { timerMs } from '#proto/units';
import { askedOf } from './agent-port.ts';
import type { AgentPort } from './agent-port.ts';
import { codeOfStatus } from '#proto/foreign-codes';
import { boundText } from './within.ts';

const defaultTimeoutMs = 30_000;
const unauthenticated = 16;
const { call, events } = controlService;

/** gRPC's code for a method that the other side doesn't have: an agent from before the contract had one. */
const unimplemented = 12;

/** Bytes that are no message are an answer that doesn't fit; gRPC would tell of a lost connection. */
const readResponse = (bytes: Buffer): ControlResponse => {
  try {
    return call.responseDeserialize(bytes);
  } catch {
    return { contract: controlContract, method: '', result: null };
  }
};

/**
 * What an agent answered, if it is what the method promises.
 * @throws LivemigError the agent's own; VERSION_MISMATCH; PROTOCOL_VIOLATION where it doesn't fit
 */
const readAnswer = <M extends ControlMethod>(
  method: M,
  { contract, method: answered, result, error, blob }: ControlResponse,
  who: string,
): { result: ResultOf<M>; blob: Buffer } => {
  if (contract !== controlContract) throw contractMismatch(who, contract);
  if (error !== undefined) throw readErrorDocument(error);
  if (answered !== method)
    throw new LivemigError(
      'PROTOCOL_VIOLATION',
      `expected ${who} to answer ${method}, got ${answered === '' ? 'nothing of the contract' : `an answer to ${answered}`}`,
    );
  return { result: parseResult(method, result), blob: blob ?? Buffer.alloc(0) };
};

/** @param address of the agent: `unix:/path`, `host:port` or `TOKEN@host:port`. */
export const connectAgent = (name: string, address: string): AgentPort => {
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

  const callWithBlob: AgentPort['callWithBlob'] = async (method, argument, options = {}) => {
    // Whoever asks for what nobody takes hears it from either side.
    parseArgument(method, argument);
    const request: ControlRequest = {
      contract: controlContract,
      ...askedOf(method, argument, options),
    };
    const { timeoutMs = defaultTimeoutMs, isUrgent = false } = options;
    const response = await new Promise<ControlResponse>((resolve, reject) => {
      // A bound of our own: gRPC's deadlines are moments on the wall clock, which may be set.
      let isLate = false;
      const unary = client.makeUnaryRequest(
        call.path, call.requestSerialize, readResponse, request, metadataOf({ waitForReady: !isUrgent }),
        (error: (Error & { code?: number }) | null, value?: ControlResponse) => {
          clearTimeout(timer);
          pending.delete(unary);
          if (value !== undefined) resolve(value);
          else if (isLate)
            reject(new LivemigError('TIMEOUT', `the ${name} agent at ${target} did not answer ${method} within ${boundText(timeoutMs)}`));
          else if (error?.code === unimplemented) reject(contractMismatch(`the ${name} agent at ${target}`, 0));
          else if (error?.code !== unauthenticated && error?.code !== undefined && codeOfStatus(error.code) === 'PROTOCOL_VIOLATION')
            reject(new LivemigError('PROTOCOL_VIOLATION', `expected the ${name} agent at ${target} to answer ${method}`, { cause: error }));
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
      }, timerMs(timeoutMs));
    });
    return readAnswer(method, response, `the ${name} agent at ${target}`);
  };

  return {
    callWithBlob,
    call: async (method, argument, options) => (await callWithBlob(method, argument, options)).result,
    events: new Observable<ToldEvent>((subscriber) => {
      const stream = client.makeServerStreamRequest(
        events.path,
        events.requestSerialize,
        events.responseDeserialize,
        {},
        metadataOf(),
      );
      stream.on('data', (event: unknown) => {
        // What isn't an event is nobody's evidence, and must not end the harness.
        const told = readEvent(event);
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

import type { BulkMessage, OutgoingBulkMessage } from '#proto/bulk';
import type { FaultMessage, FromDestination, FromSource } from '#proto/migration';
import type { MessageName } from '#proto/migration-phases';
import { encodedBytesOf, pageBytesOf } from './batcher.ts';
import type { MessageLog } from './message-log.ts';
import { isUnreadable } from './unreadable.ts';
import type { DestinationWire, MessageStream, SourceWire } from './wire.ts';
import {
  answerWordOf,
  bulkWordOf,
  destinationWordOf,
  faultWordOf,
  outgoingWordOf,
  sourceWordOf,
} from './words.ts';

/** A wire that notes every message that can be read, as it passes. */

/** How messages of a kind are noted. */
interface Noted<M> {
  nameOf: (message: M) => MessageName;
  bytesOf?: (message: M) => number;
}

const bytesOut = (message: OutgoingBulkMessage): number => {
  if ('pages' in message) return pageBytesOf(message.pages);
  if ('deviceState' in message) return message.deviceState.state.length;
  return 'padding' in message ? message.padding.length : 0;
};

const bytesIn = (message: BulkMessage): number => {
  if (message.body === 'pages') return message.pages.payload.length + encodedBytesOf(message.pages.encoded);
  if (message.body === 'deviceState') return message.deviceState.state.length;
  return message.body === 'padding' ? message.padding.length : 0;
};

const nobody: Noted<never> = { nameOf: () => 'nothing' };
const ofSource: Noted<FromSource> = { nameOf: sourceWordOf };
const ofDestination: Noted<FromDestination> = { nameOf: destinationWordOf };
const requests: Noted<FaultMessage> = { nameOf: faultWordOf };
const bulkOut: Noted<OutgoingBulkMessage> = { nameOf: outgoingWordOf, bytesOf: bytesOut };
const bulkIn: Noted<BulkMessage> = { nameOf: bulkWordOf, bytesOf: bytesIn };
const answersOut: Noted<OutgoingBulkMessage> = { nameOf: () => 'answer', bytesOf: bytesOut };
const answersIn: Noted<BulkMessage> = { nameOf: answerWordOf, bytesOf: bytesIn };

const logged = <In extends object, Out>(
  stream: MessageStream<In, Out>,
  log: MessageLog,
  received: Noted<In>,
  sent: Noted<Out>,
): MessageStream<In, Out> => ({
  listen: (events) => {
    stream.listen({
      data: (message) => {
        if (!isUnreadable(message))
          log.add('received', received.nameOf(message), received.bytesOf?.(message));
        events.data(message);
      },
      ended: () => events.ended(),
      lost: (error) => events.lost(error),
    });
  },
  write: (message, written) => {
    log.add('sent', sent.nameOf(message), sent.bytesOf?.(message));
    stream.write(message, written);
  },
  end: () => stream.end(),
  destroy: () => stream.destroy(),
});

export const loggedSourceWire = (wire: SourceWire, log: MessageLog): SourceWire => ({
  open: (visits) =>
    wire.open({
      control: (stream) => visits.control(logged(stream, log, ofDestination, ofSource)),
      pages: (stream, opening) => {
        if (!isUnreadable(opening)) log.add('received', 'openChannel');
        visits.pages(logged(stream, log, nobody, bulkOut), opening);
      },
      faults: (stream) => visits.faults(logged(stream, log, requests, answersOut)),
    }),
  close: () => wire.close(),
  destroy: () => wire.destroy(),
});

export const loggedDestinationWire = (wire: DestinationWire, log: MessageLog): DestinationWire => ({
  target: wire.target,
  dial: (isPatient) => {
    const line = wire.dial(isPatient);
    return {
      control: () => logged(line.control(), log, ofSource, ofDestination),
      pages: (opening) => {
        log.add('sent', 'openChannel');
        return logged(line.pages(opening), log, bulkIn, nobody);
      },
      faults: () => logged(line.faults(), log, answersIn, requests),
      problem: () => line.problem(),
      close: () => line.close(),
    };
  },
  knock: (maxMs) => wire.knock(maxMs),
});

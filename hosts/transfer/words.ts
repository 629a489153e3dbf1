import type { BulkMessage, OutgoingBulkMessage } from '#proto/bulk';
import type { DestinationWord, SourceWord } from '#proto/migration-phases';
import type { FaultMessage, FromDestination, FromSource } from '#proto/migration';

/** Which of the protocol's words a message is; `nothing` where it has no content. */

export const destinationWordOf = (message: FromDestination): DestinationWord =>
  (
    ['receipt', 'barrierReached', 'hello', 'ready', 'received', 'resumed', 'completed', 'abort'] as const
  ).find((word) => word in message) ?? 'nothing';

export const sourceWordOf = (message: FromSource): SourceWord =>
  (['hello', 'barrier', 'allPagesSent', 'abort'] as const).find((word) => word in message) ?? 'nothing';

/** Of the Faults stream. */
export const faultWordOf = (message: FaultMessage): DestinationWord =>
  'request' in message ? 'request' : 'migrationId' in message ? 'faultsHello' : 'nothing';

/** Of a Pages stream. */
export const bulkWordOf = ({ body }: { body?: BulkMessage['body'] }): SourceWord => body ?? 'nothing';

/** Of the Faults stream. */
export const answerWordOf = (message: BulkMessage): SourceWord => {
  const word = bulkWordOf(message);
  return word === 'pages' ? 'answer' : word === 'nothing' ? 'nothing' : 'otherAnswer';
};

export const outgoingWordOf = (message: OutgoingBulkMessage): SourceWord =>
  (['pages', 'discard', 'deviceState', 'resume', 'padding'] as const).find((word) => word in message) ??
  'nothing';

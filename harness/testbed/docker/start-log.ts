import { once } from 'node:events';
import type { Readable } from 'node:stream';

const lastLines = 15;
/** Of a log, for a message. */
export const lastLinesOf = (log: string): string => log.trim().split('\n').slice(-lastLines).join('\n');

/** The log's stream ends when its container does; this bounds the wait for an engine that doesn't end it. */
const endTimeoutMs = 2_000;

/**
 * Keeps what a container says while it starts: testcontainers removes one that does not come up, and its log with
 * it.
 */
export const recordStart = () => {
  let said = '';
  let log: Readable | undefined;
  return {
    /** For `withLogConsumer`. */
    consume: (stream: Readable): void => {
      log = stream;
      stream.on('data', (chunk: string | Buffer) => {
        said += chunk.toString();
      });
    },
    /** The container is up: the engine has its log from now on. */
    stop: (): void => {
      log?.destroy();
    },
    /**
     * Of a container that has ended: its last lines. Empty where it said nothing, or ended before testcontainers read its log.
     */
    tail: async (): Promise<string> => {
      if (log !== undefined && !log.readableEnded && !log.destroyed)
        await once(log, 'end', { signal: AbortSignal.timeout(endTimeoutMs) }).catch(() => undefined);
      return lastLinesOf(said);
    },
  };
};

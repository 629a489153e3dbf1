import type { Socket } from 'node:net';
import type { z } from 'zod';
import { LivemigError, messageOf } from '#proto/errors';

/** One end of a connection between a command and a keeper. */
export interface Talk<Heard, Said> {
  /** False once the other end has gone. */
  say(what: Said): boolean;
  /** What the other end says, until it closes. @throws LivemigError PROTOCOL_VIOLATION */
  heard(): AsyncGenerator<Heard>;
  close(): void;
}

export interface TalkOptions<Heard> {
  schema: z.ZodType<Heard>;
  /** Of a line. */
  maxBytes: number;
  /** For messages: `the keeper`. */
  who: string;
}

/** What may wait to be read by the other end; one that doesn't read is hung up on. */
const unreadMaxBytes = 512 << 20;
const newline = 10;

const parsed = <Heard>(line: Buffer, { schema, who }: TalkOptions<Heard>): Heard => {
  try {
    return schema.parse(JSON.parse(line.toString('utf8')));
  } catch (error) {
    throw new LivemigError('PROTOCOL_VIOLATION', `${who} said what isn't a message: ${messageOf(error)}`, {
      cause: error,
    });
  }
};

export const talkOver = <Heard, Said>(socket: Socket, options: TalkOptions<Heard>): Talk<Heard, Said> => {
  // Reading tells how the connection ended; a write to one that is gone says nothing more.
  socket.on('error', () => undefined);
  const { maxBytes, who } = options;
  const heard = async function* (): AsyncGenerator<Heard> {
    let waiting: Buffer[] = [];
    let waitingBytes = 0;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      let rest = chunk;
      for (let end = rest.indexOf(newline); end >= 0; end = rest.indexOf(newline)) {
        waiting.push(rest.subarray(0, end));
        const line = Buffer.concat(waiting);
        waiting = [];
        waitingBytes = 0;
        rest = rest.subarray(end + 1);
        yield parsed(line, options);
      }
      waiting.push(rest);
      waitingBytes += rest.length;
      if (waitingBytes > maxBytes)
        throw new LivemigError(
          'PROTOCOL_VIOLATION',
          `expected lines of at most ${maxBytes} bytes from ${who}, got a longer one`,
        );
    }
  };
  return {
    heard,
    say: (what) => {
      if (!socket.writable) return false;
      socket.write(`${JSON.stringify(what)}\n`);
      if (socket.writableLength > unreadMaxBytes) socket.destroy();
      return true;
    },
    close: () => {
      socket.end();
      socket.unref();
    },
  };
};

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import { talkOver } from '#harness/keeper/talk';

const options = { schema: z.object({ n: z.number() }), maxBytes: 100, who: 'the other end' };

let directory = '';
let ends: Socket[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lm-talk-'));
});
afterEach(async () => {
  for (const end of ends) end.destroy();
  ends = [];
  await rm(directory, { recursive: true, force: true });
});

/** Two ends of a connection. */
const pair = async (): Promise<[Socket, Socket]> => {
  const server = createServer();
  server.listen(join(directory, 's'));
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const one = connect(join(directory, 's'));
  const [other] = await accepted;
  server.close();
  ends = [one, other];
  return [one, other];
};

const heardBy = async (socket: Socket): Promise<unknown[]> => {
  const all: unknown[] = [];
  for await (const one of talkOver(socket, options).heard()) all.push(one);
  return all;
};

test('documents arrive as they were said, however the bytes are cut', async () => {
  const [one, other] = await pair();
  const heard = heardBy(other);
  for (const piece of ['{"n":', '1}\n{"n":2}\n', '{"n":3', '}\n']) {
    one.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  talkOver(one, options).say({ n: 4 });
  one.end();
  expect(await heard).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
});

test.each([
  ['no JSON', 'nonsense\n', 'said what isn’t a message'],
  ['another document', '{"m":1}\n', 'said what isn’t a message'],
  ['a line without an end', 'x'.repeat(1000), 'expected lines of at most 100 bytes'],
])('%s is refused', async (_what, sent, message) => {
  const [one, other] = await pair();
  const heard = heardBy(other);
  one.write(sent);
  await expect(heard).rejects.toMatchObject({
    code: 'PROTOCOL_VIOLATION',
    message: expect.stringContaining(message.replace('’', "'")),
  });
});

test('what is said to an end that has gone is lost without harm, and said to be', async () => {
  const [one, other] = await pair();
  const talk = talkOver(one, options);
  other.destroy();
  await once(one, 'close');
  expect(talk.say({ n: 1 })).toBe(false);
});

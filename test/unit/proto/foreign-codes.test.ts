import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, status } from '@grpc/grpc-js';
import { describe, expect, test } from '@jest/globals';
import { storageCodeOf } from '#harness/files/places';
import { writeAtomically } from '#harness/files/write';
import { errorsMarkdown } from '#harness/report/errors-markdown';
import { codeOf, errorCodes, LivemigError } from '#proto/errors';
import { codeOfStatus } from '#proto/foreign-codes';

/** Real errors of Node, the kernel and gRPC: each gets its own code here, and none by its text. */

const thrownBy = (work: () => Promise<unknown>): Promise<unknown> =>
  work().then(
    () => null,
    (error: unknown) => error,
  );

/** The error of a socket after something is done to it. */
const socketError = async (port: number, act: (socket: ReturnType<typeof connect>) => void = () => undefined) => {
  const socket = connect(port, '127.0.0.1');
  act(socket);
  const [error] = (await once(socket, 'error')) as [Error];
  return error;
}; // prettier-ignore

const listening = async (onSocket: (socket: Socket) => void) => {
  const server = createServer(onSocket).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
};

describe('foreign errors get their own codes', () => {
  test('a refused connection', async () => {
    const { server, port } = await listening(() => undefined);
    server.close();
    await once(server, 'close');
    expect(codeOf(await socketError(port))).toBe('CONNECTION_REFUSED');
  });

  test('a lost connection', async () => {
    const { server, port } = await listening((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.resetAndDestroy());
    });
    const error = await socketError(port, (socket) => socket.write('x'));
    server.close();
    expect(codeOf(error)).toBe('CONNECTION_LOST');
  });

  test('a full disk, through every layer that writes', async () => {
    const full = await thrownBy(() => open('/dev/full', 'w').then((file) => file.writeFile('x').finally(() => file.close()))); // prettier-ignore
    expect(codeOf(full)).toBe('DISK_FULL');
    const written = await thrownBy(() => writeAtomically('/dev/full', 'x'));
    expect(written).toMatchObject({ code: 'DISK_FULL' });
    expect(storageCodeOf(new LivemigError('DISK_FULL', 'x', { cause: full }))).toBe('DISK_FULL');
    expect(storageCodeOf(new TypeError('x'))).toBe('STORAGE_FAILED');
  });

  test('a file that is missing or inaccessible', async () => {
    for (const path of ['/nowhere/at/all', '/proc'])
      expect(codeOf(await thrownBy(() => readFile(path)))).toBe('STORAGE_FAILED');
    expect(codeOf(await thrownBy(() => readdir('/proc/version')))).toBe('STORAGE_FAILED');
    const directory = await mkdtemp(join(tmpdir(), 'livemig-codes-'));
    expect(codeOf(await thrownBy(() => writeAtomically(join(directory, 'gone', 'file'), 'x')))).toBe(
      'STORAGE_FAILED',
    );
    await rm(directory, { recursive: true });
  });

  test('a call that gRPC could not make', async () => {
    const client = new Client('127.0.0.1:1', credentials.createInsecure());
    const error = await thrownBy(
      () =>
        new Promise((resolve, reject) => {
          client.makeUnaryRequest('/x/Y', (bytes: Buffer) => bytes, (bytes) => bytes, Buffer.alloc(0), (failed, value) => {
            if (failed === null) resolve(value);
            else reject(failed);
          }); // prettier-ignore
        }),
    );
    client.close();
    expect(codeOf(error)).toBe('CONNECTION_LOST');
  });

  test.each(Object.values(status).filter((value) => typeof value === 'number'))(
    'the status %i of gRPC',
    (code) => {
      expect(['CONNECTION_LOST', 'PROTOCOL_VIOLATION']).toContain(codeOfStatus(code));
    },
  );

  test('a bug, a program that is not there and an exit code are none of these (negative control)', async () => {
    const [missing] = (await once(spawn('/no/such/program'), 'error')) as [Error];
    for (const error of [missing, new TypeError('x'), { code: 14 }, { code: 'ERR_INVALID_ARG_TYPE' }, null])
      expect(codeOf(error)).toBe('INTERNAL');
  });

  test.each(['connect ECONNREFUSED', 'write EPIPE', 'ENOSPC: no space left on device'])(
    'the text %p alone decides nothing',
    (text) => {
      expect(codeOf(new Error(text))).toBe('INTERNAL');
    },
  );
});

describe('docs/errors.md', () => {
  test('is the list of codes (node bin/with-node24.js setup/errors.ts writes it)', () => {
    const text = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
    expect(text).toBe(errorsMarkdown());
    for (const code of errorCodes) expect(text).toContain(`\`${code}\``);
  });
});

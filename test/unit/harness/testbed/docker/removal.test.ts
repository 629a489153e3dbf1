import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import Docker from 'dockerode';
import { labels } from '#harness/testbed/docker/labels';
import { sweepTestbeds } from '#harness/testbed/docker/removal';
import { leaseLostExitCode } from '#proto/lease';

/** Answers like an engine over its socket, with what each test decides. */

const bornAt = '2026-01-01T00:00:00Z';
const twoHoursLater = '2026-01-01T02:00:00.123456789Z';

let directory: string;
let server: Server;
let answers: Record<string, { status: number; body: unknown }>;
let removed: string[];

const sweep = (): Promise<string[]> =>
  sweepTestbeds(new Docker({ socketPath: join(directory, 'engine.sock') }));
const aContainer = (State: string): void => {
  const Labels = { [labels.testbed]: 't', [labels.owner]: '1:1', [labels.scope]: 'elsewhere' };
  const container = { Id: 'c', Names: ['/c'], Labels, Created: Date.parse(bornAt) / 1000, State };
  answers['/containers/json'] = { status: 200, body: [container] };
};
const inspected = (status: number, ExitCode = 0): void => {
  answers['/containers/c/json'] = { status, body: { message: 'said', State: { ExitCode } } };
};

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'livemig-test-'));
  removed = [];
  answers = {
    '/info': { status: 200, body: { SystemTime: bornAt } },
    '/networks': { status: 200, body: [] },
  };
  server = createServer(({ method, url = '' }, response) => {
    const { pathname } = new URL(url, 'http://engine');
    if (method === 'DELETE') {
      removed.push(pathname);
      answers['/containers/json'] = { status: 200, body: [] };
    }
    const { status, body } =
      method === 'DELETE' ? { status: 200, body: {} } : (answers[pathname] ?? { status: 404, body: {} });
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(join(directory, 'engine.sock'));
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true });
});

test.each(['running', 'paused', 'restarting'])(
  'a testbed of another machine that is %s stays',
  async (state) => {
    aContainer(state);
    answers['/info'] = { status: 200, body: { SystemTime: twoHoursLater } };
    // The list says whether it runs: if the engine can't be asked for more, that is no reason to remove it.
    inspected(500);
    expect(await sweep()).toEqual([]);
    expect(removed).toEqual([]);
  },
);

test('one whose agents have lost their harness goes', async () => {
  aContainer('exited');
  inspected(200, leaseLostExitCode);
  expect(await sweep()).toEqual(['t']);
  expect(removed).toEqual(['/containers/c']);
});

test.each([
  ['is told where it knows no answer', 500],
  ['is told where it refuses', 409],
])('what an engine reports of an ended container %s', async (_, status) => {
  aContainer('exited');
  inspected(status);
  await expect(sweep()).rejects.toMatchObject({ statusCode: status });
  expect(removed).toEqual([]);
});

test('a container removed meanwhile reports nothing', async () => {
  aContainer('exited');
  inspected(404);
  expect(await sweep()).toEqual([]);
});

test.each([
  ['young', bornAt, []],
  ['old', twoHoursLater, ['t']],
])('parts that never ran are %s by the clock of their engine', async (_, SystemTime, swept) => {
  aContainer('created');
  answers['/info'] = { status: 200, body: { SystemTime } };
  expect(await sweep()).toEqual(swept);
});

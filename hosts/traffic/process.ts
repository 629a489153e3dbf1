/**
 * One end of a flow, in a process of its own: so that it neither holds up the agent's event loop nor counts as its CPU
 * time. Its agent starts it, tells it to end by a message, and gets what it has recorded. Ends with its agent.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { asError, toErrorDocument } from '#proto/errors';
import type { TrafficEnd } from '#proto/traffic';
import { encodeTrafficSamples } from '#proto/traffic';
import { monotonicMs } from '#proto/units';
import { runDatagrams } from './datagrams.ts';
import type { FromTraffic, ToTraffic } from './messages.ts';
import { TrafficRecorder } from './recorder.ts';
import { runStream } from './stream.ts';

let isOver = false;

const tell = (message: FromTraffic): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined) resolve();
    else
      process.send(message, () => {
        resolve();
      });
  });

const fail = async (error: unknown): Promise<void> => {
  await tell({ failed: toErrorDocument(asError(error)) });
  process.exit(1);
};

const work = async (end: TrafficEnd): Promise<void> => {
  const recorder = new TrafficRecorder(monotonicMs());
  if (end.kind === 'tcp') {
    const { close } = await runStream(end, recorder, (error) => void fail(error));
    await tell({ ready: true });
    await over.promise;
    const samples = encodeTrafficSamples(recorder.samples(monotonicMs()));
    close();
    await tell({ samples });
    return;
  }
  const { turn, close } = runDatagrams(end, recorder);
  await tell({ ready: true });
  while (!isOver) {
    turn();
    await nextTurn();
  }
  const samples = encodeTrafficSamples(recorder.samples(monotonicMs()));
  close();
  await tell({ samples });
};

const over = Promise.withResolvers<undefined>();
// Its agent has ended, however.
process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToTraffic) => {
  if ('end' in message) {
    isOver = true;
    over.resolve(undefined);
    return;
  }
  work(message.begin).then(
    () => process.disconnect(),
    (error: unknown) => fail(error),
  );
});

/** Writes results while the kernel limits the size of files (`ulimit -f`), and reports what happened. */
import { Subject } from 'rxjs';
import { openStore } from '#harness/store';
import { codeOf, messageOf } from '#proto/errors';

const [out = '', size = '0'] = process.argv.slice(2);
const result = {
  runId: 'big',
  startedAt: '2026-07-24T09:15:02.123Z',
  scenario: { name: 'a' },
  filler: 'x'.repeat(Number(size)),
};
const store = await openStore(out);
const events = new Subject<never>();
const recording = await store.record(events);
for (let event = 0; event < Number(size) / 1000; event += 1)
  events.next({ filler: 'x'.repeat(1000) } as never);
try {
  await recording.finish(result);
  process.stdout.write('stored\n');
} catch (error) {
  process.stdout.write(`${codeOf(error)} ${messageOf(error)}\n`);
}
await recording.discard();

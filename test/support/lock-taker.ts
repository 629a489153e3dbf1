/** A process that takes the given lock file whenever it is told to, and reports the outcome. Ends with its input. */
import { createInterface } from 'node:readline';
import { takeLockFile } from '#harness/files/lock';

const file = process.argv[2]!;
let lock: Disposable | undefined;
process.stdout.write('ready\n');
for await (const order of createInterface(process.stdin)) {
  if (order === 'drop') {
    lock?.[Symbol.dispose]();
    lock = undefined;
    process.stdout.write('dropped\n');
    continue;
  }
  const taken = takeLockFile(file, String(process.pid));
  if (!('holder' in taken)) lock = taken;
  process.stdout.write('holder' in taken ? 'held\n' : 'taken\n');
}

/** A process that takes the lock file it is given whenever it is told to, and says how that went. Ends with its input. */
import { createInterface } from 'node:readline';
import { takeLockFile } from '../../harness/files/lock.ts';

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

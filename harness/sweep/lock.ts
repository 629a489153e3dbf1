import { LivemigError } from '../../proto/errors.ts';
import { takeLockFile } from '../files/lock.ts';

/**
 * Holds a result set for this process, so that no two sweeps write into it. It ends with the process, however that ends.
 * @throws LivemigError BAD_INPUT where another holds it
 */
export const takeLock = (file: string): Disposable => {
  const lock = takeLockFile(file, String(process.pid));
  if (!('holder' in lock)) return lock;
  const problem =
    `another sweep (process ${lock.holder === '' ? 'unknown' : lock.holder}) is writing there and holds ${file}; ` +
    'wait until it has ended, or give another directory with --out';
  throw new LivemigError('BAD_INPUT', problem, { problems: [problem] });
};

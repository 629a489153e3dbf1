import { basename } from 'node:path';
import { LivemigError } from '#proto/errors';
import { storageCodeOf } from '../files/places.ts';
import { rescue, writeAtomically } from '../files/write.ts';

/**
 * Writes a command's output. If that fails, the output goes to the temporary directory.
 * @throws LivemigError STORAGE_FAILED or DISK_FULL that says where it is instead
 */
export const saveOrRescue = async (file: string, text: string | Buffer): Promise<void> => {
  try {
    await writeAtomically(file, text);
  } catch (cause) {
    const elsewhere = await rescue(basename(file), text);
    const where = elsewhere === null ? 'it is lost' : `it is in ${elsewhere}`;
    throw new LivemigError(storageCodeOf(cause), `${basename(file)} could not be written; ${where}`, { cause }); // prettier-ignore
  }
};

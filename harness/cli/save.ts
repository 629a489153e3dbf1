import { basename } from 'node:path';
import { LivemigError } from '../../proto/errors.ts';
import { rescue, writeAtomically } from '../files/write.ts';

/**
 * Writes what a command has worked for. Where that can't be done in the end, it goes to the temporary directory.
 * @throws LivemigError STORAGE_FAILED that says where it is instead
 */
export const saveOrRescue = async (file: string, text: string): Promise<void> => {
  try {
    await writeAtomically(file, text);
  } catch (cause) {
    const elsewhere = await rescue(basename(file), text);
    const where = elsewhere === null ? 'it is lost' : `it is in ${elsewhere}`;
    throw new LivemigError('STORAGE_FAILED', `${basename(file)} could not be written to its place; ${where}`, { cause }); // prettier-ignore
  }
};

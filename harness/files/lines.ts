import { closeSync, ftruncateSync, renameSync, rmSync } from 'node:fs';
import type { Observable } from 'rxjs';
import { storageError } from './places.ts';
import { openTemporary } from './temporary.ts';
import { syncDescriptor, writeAll } from './write.ts';

/** What a run tells on the disk while it runs, one a line. */
export interface LineRecording {
  /**
   * Under its final name.
   * @throws LivemigError STORAGE_FAILED where the disk was full on the way: the file then has whole lines up to there
   */
  keepAs(file: string): Promise<void>;
  /** Nothing to do after `keepAs`. */
  discard(): Promise<void>;
}

/**
 * A full disk must not end a run whose testbed is up: it is told at the end.
 * @param directory where a hidden file grows until the run has a name; its writer's death frees it for the sweep
 */
export const recordLines = (directory: string, documents: Observable<unknown>): LineRecording => {
  const { path, fd } = openTemporary(directory);
  let waiting: string[] = [];
  let size = 0;
  let failure: unknown = null;
  let isOpen = true;
  let writing: Promise<void> | null = null;

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      const bytes = Buffer.from(waiting.join(''));
      waiting = [];
      if (failure !== null) continue;
      try {
        await writeAll(fd, bytes, size);
        size += bytes.length;
      } catch (error) {
        failure = error;
        ftruncateSync(fd, size);
      }
    }
  };
  const write = (): void => {
    writing ??= drain().finally(() => {
      writing = null;
    });
  };
  const subscription = documents.subscribe((document) => {
    waiting.push(`${JSON.stringify(document)}\n`);
    write();
  });
  const stop = async (): Promise<void> => {
    subscription.unsubscribe();
    await writing;
  };
  const close = (): void => {
    isOpen = false;
    closeSync(fd);
  };
  return {
    keepAs: async (file) => {
      await stop();
      try {
        if (failure === null) await syncDescriptor(fd);
        renameSync(path, file);
        close();
      } catch (error) {
        failure ??= error;
      }
      if (failure !== null) throw storageError(`${file} lacks what the run told in the end`, failure);
    },
    discard: async () => {
      if (!isOpen) return;
      await stop();
      rmSync(path, { force: true });
      close();
    },
  };
};

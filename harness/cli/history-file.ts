import { formatBytes, formatCount } from '../format.ts';
import { fileProblems } from '../files/places.ts';
import { encodeHistory } from '../prediction/history-file.ts';
import { lengthMsOf, pagesOf } from '../prediction/history.ts';
import type { DirtyHistory } from '../prediction/history.ts';
import { tell } from './output.ts';
import { saveOrRescue } from './save.ts';

/** Files with dirty histories are known by this. */
export const historySuffix = '.dirty.zst';

/** The file that an option names, tested beforehand; null if it isn't given. Problems go to `problems`. */
export const historyFileOf = async (
  given: unknown,
  option: string,
  problems: string[],
): Promise<string | null> => {
  if (typeof given !== 'string') return null;
  if (given.endsWith(historySuffix)) problems.push(...(await fileProblems(option, given)));
  else
    problems.push(`${option}: expected a file that ends with ${historySuffix}, got ${JSON.stringify(given)}`);
  return given;
};

/** A history in a few words. */
const historyText = (history: DirtyHistory): string => {
  const { header, intervals } = history;
  const lengthMs = lengthMsOf(history);
  const pages = intervals.reduce((sum, interval) => sum + pagesOf(interval), 0);
  return (
    `${intervals.length} intervals in ${(lengthMs / 1000).toFixed(1)} s, ` +
    `${formatCount((pages * 1000) / lengthMs)} pages/s on average, of ${formatBytes(header.pageCount * header.pageSizeBytes)}` +
    (header.full ? '; it ended early, as it grew too large' : '')
  );
};

/** @returns the history's digest. @throws LivemigError STORAGE_FAILED that says where it is instead */
export const saveHistory = async (file: string, history: DirtyHistory): Promise<string> => {
  const { bytes, sha256 } = encodeHistory(history);
  await saveOrRescue(file, bytes);
  tell(`${file}: ${historyText(history)}`);
  return sha256;
};

import { harmless } from './output.ts';
import type { LiveScreen } from './live.ts';
import { takesOrders } from './terminal.ts';

export interface ProgressLine {
  /** One more is done. */
  next: (text: string) => void;
  /** Removes the line. Idempotent. */
  stop: () => void;
}

const clearLine = '\r\u001b[K';

/** How far something is, in one line of a terminal; elsewhere nothing. */
export const progressLine = (screen: LiveScreen, what: string, total: number): ProgressLine => {
  if (!takesOrders(screen)) return { next: () => undefined, stop: () => undefined };
  let done = 0;
  let isShown = false;
  const columns = (screen.columns ?? 0) > 0 ? screen.columns! : 80;
  const show = (text: string): void => {
    isShown = true;
    screen.write(clearLine + harmless(text).slice(0, columns - 1));
  };
  show(`${what} …`);
  return {
    next: (text) => {
      done++;
      show(`${what} ${done} of ${total}: ${text}`);
    },
    stop: () => {
      if (isShown) screen.write(clearLine);
      isShown = false;
    },
  };
};

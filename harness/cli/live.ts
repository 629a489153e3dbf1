import type { Observable } from 'rxjs';
import { monotonicMs } from '#proto/units';
import { foldLog, progressBlock, silentLog } from '../report/lines.ts';
import { foldProgress, noProgress } from '../report/progress.ts';
import type { RunEvent } from '../run/events.ts';
import { harmless } from './output.ts';
import type { Screen } from './terminal.ts';
import { fitted, takesOrders } from './terminal.ts';

/** Where progress is drawn: standard error, since standard output may be a JSON document. */
export interface LiveScreen extends Screen {
  write(text: string): unknown;
}

export interface Live {
  /** Removes the block from the screen. Idempotent. */
  stop(): void;
}

const redrawMs = 100;
const escape = '\u001b[';
/** Moves to the start of the line `rows` further up, and clears from there. */
const rewind = (rows: number): string => (rows === 0 ? '' : `${escape}${rows}A\r${escape}J`);

/** Some pseudo-terminals report 0 columns. */
const columnsOf = ({ columns = 0 }: LiveScreen): number => (columns > 0 ? columns : 80);

const drawBlock = (title: string, events: Observable<RunEvent>, screen: LiveScreen): Live => {
  let progress = noProgress;
  let rows = 0;
  const draw = (): void => {
    const lines = progressBlock(title, progress, monotonicMs(), columnsOf(screen) - 1);
    const shown = fitted(lines.map(harmless).join('\n'), screen);
    screen.write(`${rewind(rows)}${shown}\n`);
    rows = shown.split('\n').length;
  };
  const subscription = events.subscribe((event) => (progress = foldProgress(progress, event)));
  // A separate timer: during a link outage there are no events, and that is when people watch `elapsed`.
  const timer = setInterval(draw, redrawMs);
  draw();
  return {
    stop: () => {
      clearInterval(timer);
      subscription.unsubscribe();
      screen.write(rewind(rows));
      rows = 0;
    },
  };
};

const writeLog = (title: string, events: Observable<RunEvent>, screen: LiveScreen): Live => {
  screen.write(`${fitted(harmless(title), screen)}\n`);
  let log = silentLog;
  const subscription = events.subscribe((event) => {
    log = foldLog(log, event);
    if (log.line !== undefined) screen.write(`${fitted(harmless(log.line), screen)}\n`);
  });
  return { stop: () => subscription.unsubscribe() };
};

/** Shows a running migration: a redrawn block on a terminal, plain lines elsewhere. */
export const showLive = (title: string, events: Observable<RunEvent>, screen: LiveScreen): Live =>
  takesOrders(screen) ? drawBlock(title, events, screen) : writeLog(title, events, screen);

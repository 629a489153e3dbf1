import { messagesPerNameMax } from '#proto/events';
import type { MessagesEvent, MessageWay, ToldMessages } from '#proto/events';
import { messagesInBulk } from '#proto/migration-phases';
import type { MessageName } from '#proto/migration-phases';
import type { MigrationClock } from '../clock.ts';

/** The span of messages in bulk at first. A message that falls in the last one of its name allocates nothing. */
const firstSpanMs = 100;

interface Row {
  /** 0 = each message stands by itself. */
  spanMs: number;
  messages: ToldMessages[];
}

/** What one end of a migration has sent and received. It has a bound, however long the migration takes. */
export interface MessageLog {
  add(way: MessageWay, name: MessageName, bytes?: number): void;
  /** A copy: later messages don't change it. */
  readonly told: Pick<MessagesEvent, 'messages' | 'leftOut'>;
}

const inPairs = (spans: readonly ToldMessages[]): ToldMessages[] =>
  Array.from({ length: spans.length / 2 }, (_, pair) => {
    const [first, second] = [spans[2 * pair]!, spans[2 * pair + 1]!];
    const { lastAtMs } = second;
    return {
      ...first,
      lastAtMs,
      count: first.count + second.count,
      bytes: first.bytes + second.bytes,
    };
  });

export const messageLog = (clock: Pick<MigrationClock, 'nowMs'>): MessageLog => {
  const rows = { sent: new Map<MessageName, Row>(), received: new Map<MessageName, Row>() };
  let leftOut = 0;
  const rowOf = (way: MessageWay, name: MessageName): Row => {
    const known = rows[way].get(name);
    if (known !== undefined) return known;
    const row: Row = { spanMs: messagesInBulk.includes(name) ? firstSpanMs : 0, messages: [] };
    rows[way].set(name, row);
    return row;
  };
  return {
    add: (way, name, bytes = 0) => {
      const row = rowOf(way, name);
      const atMs = clock.nowMs();
      const last = row.messages.at(-1);
      if (last !== undefined && atMs - last.firstAtMs < row.spanMs) {
        last.lastAtMs = atMs;
        last.count++;
        last.bytes += bytes;
        return;
      }
      if (row.messages.length === messagesPerNameMax) {
        if (row.spanMs === 0) {
          leftOut++;
          return;
        }
        row.messages = inPairs(row.messages);
        row.spanMs *= 2;
      }
      row.messages.push({ name, way, firstAtMs: atMs, lastAtMs: atMs, count: 1, bytes });
    },
    get told() {
      const all = [...rows.sent.values(), ...rows.received.values()];
      return {
        messages: all
          .flatMap(({ messages }) => messages.map((message) => ({ ...message })))
          .sort((a, b) => a.firstAtMs - b.firstAtMs),
        leftOut,
      };
    },
  };
};

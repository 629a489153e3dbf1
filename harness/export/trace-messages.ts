import type { FaultsEvent, MessagesEvent, ToldMessages } from '#proto/events';
import { messagesInBulk } from '#proto/migration-phases';
import { moment, nameOfThread, slice, tracks, us } from './trace-format.ts';
import type { TraceEvent } from './trace-format.ts';

/** Single messages and demand faults in a trace. Pure. Both tell how many were left out. */

type Host = MessagesEvent['host'];

/** Behind the threads that every trace has: one for each name of messages in bulk. */
const firstBulkThread = 8;
const bulkThreadOf = (name: ToldMessages['name']): number => firstBulkThread + messagesInBulk.indexOf(name);
const threadOf = (host: Host, name: string): number =>
  (tracks[host].threads as readonly string[]).indexOf(name);

const leftOutOf = (host: Host, thread: string, what: string, atMs: number, leftOut: number): TraceEvent[] =>
  leftOut === 0 ? [] : [moment(host, threadOf(host, thread), `${leftOut} ${what} left out`, atMs)];

/** A message is a moment; those in bulk are slices, with how many they are and what they carried. */
export const messagesOf = (
  { host, messages, atMs, leftOut }: MessagesEvent,
  startMs: number,
): TraceEvent[] => {
  const bulk = messages.filter(({ name }) => messagesInBulk.includes(name));
  const single = messages.filter(({ name }) => !messagesInBulk.includes(name));
  const ways = new Map(bulk.map(({ name, way }) => [name, way]));
  return [
    ...[...ways].map(([name, way]) =>
      nameOfThread(tracks[host].pid, bulkThreadOf(name), `messages ${way}: ${name}`),
    ),
    ...single.map(({ name, way, firstAtMs }): TraceEvent => ({
      ...moment(host, threadOf(host, `messages ${way}`), name, firstAtMs - startMs),
      s: 't',
    })),
    ...bulk.map(({ name, firstAtMs, lastAtMs, count, bytes }) =>
      slice(host, bulkThreadOf(name), name, firstAtMs - startMs, lastAtMs - firstAtMs, { count, bytes }),
    ),
    ...leftOutOf(host, 'messages sent', 'messages', atMs - startMs, leftOut),
  ];
};

/** Each is a slice of its own, on its vCPU's track: a vCPU waits for one page at a time. */
export const faultsOf = ({ faults, atMs, leftOut }: FaultsEvent, startMs: number): TraceEvent[] => [
  ...faults.flatMap(({ requestedAtMs, answeredAtMs, page, vcpu }): TraceEvent[] => {
    const of = {
      name: 'fault',
      cat: 'fault',
      id: `0x${vcpu.toString(16)}`,
      pid: tracks.destination.pid,
      tid: 0,
    };
    return [
      { ph: 'b', ...of, ts: us(requestedAtMs - startMs), args: { page, vcpu } },
      { ph: 'e', ...of, ts: us(answeredAtMs - startMs) },
    ];
  }),
  ...leftOutOf('destination', 'guest', 'faults', atMs - startMs, leftOut),
];

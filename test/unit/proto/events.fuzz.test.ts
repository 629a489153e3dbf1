import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { faultsToldMax } from '#proto/events';
import type { AgentEvent, FaultsEvent, MessagesEvent } from '#proto/events';
import { readErrorDocument } from '#proto/errors';
import { readEvent } from '#proto/event-schema';
import { fuzz } from '#test/support/fuzz';

const events: Record<AgentEvent['type'], AgentEvent> = {
  status: { type: 'status', atMs: 1, status: 'active' },
  parameters: { type: 'parameters', atMs: 1, changed: { downtimeLimitMs: 50 } },
  switchover: { type: 'switchover', atMs: 1, order: 'force' },
  refused: { type: 'refused', atMs: 1, reason: 'expected a hello', count: 3 },
  round: { type: 'round', atMs: 1, round: 1, phase: 'precopy', durationMs: 2, pagesSent: 3, bytesSent: 4, pagesDirtied: 5, dirtyPagesPerSecond: 6.5, throughputMbps: 7.5 },
  progress: { type: 'progress', atMs: 1, transferredBytes: 2, remainingBytes: 3, throughputMbps: 4 },
  guest: { type: 'guest', atMs: 1, host: 'source', running: true, operations: 2, pagesDirtied: 3, stalledMs: 0.5 },
  cut: { type: 'cut', atMs: 1, plannedMs: 2 },
  'cut-ended': { type: 'cut-ended', atMs: 2, startedAtMs: 1 },
  messages: { type: 'messages', atMs: 9, host: 'source', messages: [{ name: 'hello', way: 'sent', firstAtMs: 1, lastAtMs: 1, count: 1, bytes: 0 }], leftOut: 2 },
  faults: { type: 'faults', atMs: 9, faults: [{ requestedAtMs: 1, answeredAtMs: 2.5, page: 3, vcpu: 0 }], leftOut: 0 },
}; // prettier-ignore
const types = Object.keys(events) as AgentEvent['type'][];

describe('the events of an agent', () => {
  test.each(types)('%s is read back unchanged', (type) => {
    expect(readEvent(events[type])).toEqual(events[type]);
  });

  test.each(types)('%s with an impossible value is not accepted as evidence', (type) => {
    for (const wrong of [null, -1, 'x', {}])
      for (const key of Object.keys(events[type]))
        expect([key, wrong, readEvent({ ...events[type], [key]: wrong })]).toEqual([
          key,
          wrong,
          type === 'refused' && key === 'reason' && wrong === 'x' ? expect.anything() : key === 'changed' && typeof wrong === 'object' && wrong !== null ? expect.anything() : null,
        ]); // prettier-ignore
  });

  test('messages that the protocol has not, and more than are told, are no evidence', () => {
    const { messages, faults } = events as { messages: MessagesEvent; faults: FaultsEvent };
    const [message] = messages.messages;
    const [fault] = faults.faults;
    expect(readEvent({ ...messages, messages: [{ ...message!, name: 'gossip' }] })).toBeNull();
    expect(readEvent({ ...messages, messages: [{ ...message!, way: 'lost' }] })).toBeNull();
    expect(readEvent({ ...faults, faults: [{ ...fault!, page: 0.5 }] })).toBeNull();
    const told = (count: number) => ({ ...faults, faults: Array.from({ length: count }, () => fault!) });
    expect(readEvent(told(faultsToldMax))).not.toBeNull();
    expect(readEvent(told(faultsToldMax + 1))).toBeNull();
  });

  fuzz('anything else is no event, and ends nobody', fc.oneof(fc.jsonValue(), fc.anything()), (told) => {
    const event = readEvent(told);
    return event === null || types.includes(event.type);
  });

  fuzz('any error is an error with a code of the list', fc.oneof(fc.jsonValue(), fc.anything()), (told) => {
    const error = readErrorDocument(told);
    return error.code === 'PROTOCOL_VIOLATION' && error.message !== '';
  });
});

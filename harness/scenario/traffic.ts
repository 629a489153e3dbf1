import type { TrafficConfig } from '#proto/traffic';
import { trafficDirections, trafficFlowsMax, trafficKinds, trafficPacketLeastBytes, trafficPacketMaxBytes, trafficRateMaxMbps, trafficSides, trafficWindowMaxBytes } from '#proto/traffic'; // prettier-ignore
import { parseBytes } from '../format.ts';
import { unknownName } from '../nearest.ts';
import { shown } from '../shown.ts';
import type { Json } from './fields.ts';
import { field } from './fields.ts';
import { isSection, splitPairs } from './shorthand.ts';
import type { Section } from './shorthand.ts';

/** Traffic that shares the link with the migration: one definition for scenario, editors and docs/reference.md. */

type Key = keyof TrafficConfig;

interface TrafficKey {
  help: string;
  /** For people. */
  range: string;
  default: string;
  json: Json;
  /** Undefined: it isn't one. */
  read: (value: unknown) => TrafficConfig[Key] | undefined;
}

const among = (names: readonly string[]): Pick<TrafficKey, 'range' | 'json' | 'read'> => ({
  range: names.join(', '),
  json: { enum: [...names] },
  read: (value) => names.find((name) => name === value) as TrafficConfig['kind'] | undefined,
});

const numberOf = (value: unknown): number =>
  typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN;

const sizeOf = (value: unknown): number =>
  typeof value === 'string' ? (parseBytes(value) ?? NaN) : numberOf(value);

const isWithin = (value: number, least: number, most: number): boolean => value >= least && value <= most;

export const trafficKeys: Readonly<Record<Key, TrafficKey>> = {
  kind: {
    ...among(trafficKinds),
    help: 'ping = an echo with a bounded amount under way, each answer releasing the next packet; tcp = a paced connection; udp = datagrams whatever becomes of them',
    default: 'none: it has to be given',
  },
  rateMbps: {
    help: "offered rate, counted like the link's: IP packets with 14 bytes of Ethernet header",
    range: 'above 0, at most what the link carries, in Mb/s',
    default: 'none: it has to be given',
    json: { type: 'number', exclusiveMinimum: 0, maximum: trafficRateMaxMbps },
    read: (value) => {
      const rate = numberOf(value);
      return rate > 0 && rate <= trafficRateMaxMbps ? rate : undefined;
    },
  },
  direction: {
    ...among(trafficDirections),
    help: 'forward = the load goes one way; both = as much comes back (ping: whole echoes)',
    default: 'both with ping, else forward',
  },
  packetBytes: {
    help: 'payload of a datagram; not of tcp',
    range: `${trafficPacketLeastBytes} to ${trafficPacketMaxBytes} bytes`,
    default: '1400',
    json: { type: 'integer', minimum: trafficPacketLeastBytes, maximum: trafficPacketMaxBytes },
    read: (value) => {
      const bytes = sizeOf(value);
      return Number.isInteger(bytes) && isWithin(bytes, trafficPacketLeastBytes, trafficPacketMaxBytes)
        ? bytes
        : undefined;
    },
  },
  windowBytes: {
    help: 'what ping has under way at most; auto = the larger of rate times round trip and what the bottleneck buffers',
    range: `auto, or a size from ${trafficPacketLeastBytes} bytes to 1GiB`,
    default: 'auto',
    json: {
      anyOf: [
        { type: 'integer', minimum: trafficPacketLeastBytes, maximum: trafficWindowMaxBytes },
        { type: 'string' },
      ],
    },
    read: (value) => {
      if (value === 'auto') return value;
      const bytes = sizeOf(value);
      return Number.isInteger(bytes) && isWithin(bytes, trafficPacketLeastBytes, trafficWindowMaxBytes)
        ? bytes
        : undefined;
    },
  },
  from: { ...among(trafficSides), help: 'the host that begins', default: 'source' },
};

const keyNames = Object.keys(trafficKeys) as Key[];
const isKey = (name: string): name is Key => Object.hasOwn(trafficKeys, name);

/** `ping:650,direction=forward` */
const splitFlow = (text: string): Section => {
  const [head = '', ...pairs] = text.split(',');
  const [kind = '', ...rate] = head.split(':');
  return {
    kind: kind.trim(),
    ...(rate.length > 0 ? { rateMbps: rate.join(':').trim() } : {}),
    ...splitPairs(pairs),
  };
};

const readFlow = (section: Section): { flow: TrafficConfig } | { problems: string[] } => {
  const problems: string[] = [];
  const given: Partial<Record<Key, unknown>> = {};
  for (const [name, value] of Object.entries(section)) {
    if (value === undefined) continue;
    if (!isKey(name)) {
      problems.push(unknownName('key', name, keyNames));
      continue;
    }
    const { read, range } = trafficKeys[name];
    given[name] = read(value);
    if (given[name] === undefined) problems.push(`${name}: expected ${range}, got ${shown(value)}`);
  }
  for (const name of ['kind', 'rateMbps'] as const)
    if (section[name] === undefined)
      problems.push(`${name}: expected ${trafficKeys[name].range}, got nothing`);
  if (given.packetBytes !== undefined && given.kind === 'tcp')
    problems.push('packetBytes: belongs to ping and udp; TCP cuts its own segments');
  if (given.windowBytes !== undefined && given.kind !== 'ping')
    problems.push(`windowBytes: belongs to ping, not to ${String(given.kind)}`);
  if (problems.length > 0) return { problems };
  const defaults = {
    direction: given.kind === 'ping' ? 'both' : 'forward',
    packetBytes: 1400,
    windowBytes: 'auto',
    from: 'source',
  };
  return { flow: { ...defaults, ...given } as TrafficConfig };
};

const json: Json = {
  anyOf: [
    { type: 'string' },
    {
      type: 'array',
      maxItems: trafficFlowsMax,
      items: {
        anyOf: [
          { type: 'string' },
          {
            type: 'object',
            properties: Object.fromEntries(
              keyNames.map((name) => [
                name,
                { description: trafficKeys[name].help, ...trafficKeys[name].json },
              ]),
            ),
            required: ['kind', 'rateMbps'],
            additionalProperties: false,
          },
        ],
      },
    },
  ],
};

/** The key `traffic`: a list of flows, or their text; `none` and an empty list are none. */
export const trafficField = () =>
  field<TrafficConfig[]>((value) => {
    if (value === 'none') return { value: [] };
    const listed: unknown[] | null =
      typeof value === 'string' ? value.split(';') : Array.isArray(value) ? value : null;
    if (listed === null)
      return {
        problem: `expected flows like ping:650 or [{ kind: ping, rateMbps: 650 }], got ${shown(value)}`,
      };
    if (listed.length > trafficFlowsMax)
      return { problem: `expected at most ${trafficFlowsMax} flows, got ${listed.length}` };
    const problems: string[] = [];
    const flows = listed.flatMap((each, nth) => {
      const section = typeof each === 'string' ? splitFlow(each.trim()) : each;
      const read = isSection(section)
        ? readFlow(section)
        : { problems: [`expected a flow like ping:650, got ${shown(section)}`] };
      if ('flow' in read) return [read.flow];
      problems.push(...read.problems.map((problem) => `flow ${nth + 1}: ${problem}`));
      return [];
    });
    return problems.length === 0 ? { value: flows } : { problem: problems.join('; ') };
  }, json);

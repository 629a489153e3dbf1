import { capabilityNameMax, channelsMax } from './migration-bounds.ts';
import { isStrategyFile } from './strategy.ts';
import type { Limits, StrategyFile, StrategyName, TransferSwitches } from './strategy.ts';

/** QEMU's names, where QEMU has it. Encodings are tried in this order. */
export const capabilityNames = [
  'multifd',
  'postcopy-preempt',
  'zero-page-detection',
  'uniform-pages',
  'xbzrle',
  'dedup',
  'zstd',
  'cold-first',
  'prepaging',
  'auto-converge',
  'pause-before-switchover',
  'tls',
] as const;
export type CapabilityName = (typeof capabilityNames)[number];

/** What a capability is set to: `true` where it takes no value. A capability that is off isn't there. */
export type CapabilityValue = true | number | string;

/** What may stand behind the `=` of `--cap NAME=VALUE`. */
export interface CapabilityValues {
  /** What it means, with its unit. */
  meaning: string;
  /** A whole number in this range … */
  least?: number;
  most?: number;
  /** … or one of these words. */
  words?: readonly string[];
  /** Without `=`. */
  whenBare: number | string;
}

/** The migration that a capability is to take part in. */
export interface CapabilityUse {
  strategy: StrategyName | StrategyFile;
  limits: Limits;
  transfer: TransferSwitches;
  capabilities: Capabilities;
}

export interface CapabilityDefinition {
  /** What it does, in a line. */
  help: string;
  values?: CapabilityValues;
  /** A shorthand: it is kept as these switches of the transfer, and travels as they do. */
  sets?: (value: CapabilityValue | false) => Partial<TransferSwitches>;
  /** Why it would make no sense there; undefined = it does. */
  refuses?: (use: CapabilityUse) => string | undefined;
}

/** A guest that stands still is missed: a person who watches is quick enough, and nobody else comes later. */
const continueWithinS = 60;

/** How long a migration waits in pre-switchover, in ms; 0 = it doesn't. */
export const continueMaxMsOf = (capabilities: Capabilities): number => {
  const value = capabilities['pause-before-switchover'];
  return value === undefined ? 0 : 1000 * (typeof value === 'number' ? value : continueWithinS);
};

/** Whether a page may be sent a second time before the switchover. What a strategy of the user's own does isn't known. */
const hasRounds = ({ strategy, limits }: CapabilityUse): boolean =>
  isStrategyFile(strategy) || strategy === 'pre-copy' || (strategy === 'hybrid' && limits.hybridRounds > 1);

const needsRounds = (use: CapabilityUse): string | undefined =>
  hasRounds(use)
    ? undefined
    : `${use.strategy}${use.strategy === 'hybrid' ? ' of one round' : ''} sends no page a second time before the switchover`;

/** Every capability by its name. Its implementation is the file of this name in hosts/capabilities/. */
const definitions: Readonly<Record<CapabilityName, CapabilityDefinition>> = {
  multifd: {
    help: 'parallel bulk streams, each a connection of its own',
    values: { meaning: 'streams (QEMU multifd-channels)', least: 1, most: channelsMax, whenBare: 2 },
    sets: (value) => ({ channels: typeof value === 'number' ? value : 1 }),
  },
  'postcopy-preempt': {
    help: 'demand pages on a connection that is kept free for them; on unless =off',
    sets: (value) => ({ faults: value === false ? 'in-stream' : 'preempt' }),
  },
  'zero-page-detection': {
    help: 'a page of zeros travels as its number; on unless =off',
  },
  'uniform-pages': {
    help: 'a page that repeats 16 bytes travels as these (QEMU up to 1.5, for one byte)',
    sets: (value) => ({ uniformPages: value !== false }),
  },
  xbzrle: {
    help: 'a page that was sent before travels as what has changed in it',
    values: { meaning: 'MiB of cache (QEMU xbzrle-cache-size)', least: 1, most: 4096, whenBare: 64 },
    refuses: needsRounds,
  },
  dedup: {
    help: 'what went over the link before travels as a reference to it, a quarter of a page at a time',
    // Memory that is touched for the first time costs microseconds a page: at 10 Gb/s more than these take 5 % longer.
    values: { meaning: 'MiB that each end keeps', least: 1, most: 1024, whenBare: 8 },
    refuses: ({ transfer }) =>
      transfer.channels > 1
        ? 'both ends number what comes in its order, which several streams do not have (multifd)'
        : undefined,
  },
  zstd: {
    help: 'pages that travel whole are compressed; auto picks raw or a level by speed, ratio and bandwidth',
    values: { meaning: 'level', least: 1, most: 19, words: ['auto'], whenBare: 'auto' },
    refuses: ({ capabilities }) =>
      capabilities.xbzrle !== undefined
        ? 'xbzrle sends whole pages in its own way, which zstd would not see (QEMU refuses the two as well)'
        : capabilities.dedup !== undefined
          ? 'dedup sends whole pages in its own way, which zstd would not see'
          : undefined,
  },
  'cold-first': {
    help: 'pre-copy sends pages that are dirtied often last',
    refuses: needsRounds,
  },
  prepaging: {
    help: 'what post-copy pushes next: on from the newest fault unless told otherwise',
    values: { meaning: 'order', words: ['none', 'forward', 'bubbling', 'growing'], whenBare: 'bubbling' },
    refuses: ({ strategy, transfer }) =>
      strategy !== 'post-copy' && strategy !== 'hybrid' && !isStrategyFile(strategy)
        ? `${strategy} has no demand faults to page ahead of`
        : transfer.faults === 'blocking'
          ? 'where faults block the push, it goes where they say'
          : undefined,
  },
  'auto-converge': {
    help: 'a guest that dirties faster than is sent loses CPU time, until pre-copy converges',
    refuses: ({ strategy, limits }) =>
      strategy !== 'pre-copy' && !isStrategyFile(strategy)
        ? `${strategy} needs no guest to slow down`
        : limits.convergence === 'xen'
          ? "Xen's rule ends by itself"
          : undefined,
  },
  'pause-before-switchover': {
    help: 'with the guest stopped, the migration waits so long for `livemig continue`, or goes back',
    values: { meaning: 's to wait for it', least: 1, most: 3600, whenBare: continueWithinS },
  },
  tls: {
    help: 'mutual TLS between the hosts, with certificates that are made for the migration',
  },
};

/** The capabilities that are on, with what they are set to. */
export type Capabilities = Partial<Record<CapabilityName, CapabilityValue>>;

export const defaultCapabilities: Capabilities = { 'zero-page-detection': true };

export const capabilityDefinition = (name: CapabilityName): CapabilityDefinition => definitions[name];

export const isCapabilityName = (name: string): name is CapabilityName => Object.hasOwn(definitions, name);

/** How a capability stands in the handshake. */
export interface AgreedCapability {
  name: string;
  /** '' where it takes none. */
  value: string;
}

/** What both sides have to agree on: what is on, a shorthand's switches included. */
export const agreementOf = (
  capabilities: Capabilities,
  { uniformPages }: Pick<TransferSwitches, 'uniformPages'>,
): AgreedCapability[] => {
  const on: Capabilities = { ...capabilities, ...(uniformPages ? { 'uniform-pages': true } : {}) };
  return capabilityNames.flatMap((name) => {
    const value = on[name];
    return value === undefined ? [] : [{ name, value: value === true ? '' : String(value) }];
  });
};

/** What a peer may have set a capability to, as it stands in the handshake; null = this. */
const expectedInstead = (name: CapabilityName, value: string): string | null => {
  const { values } = definitions[name];
  if (values === undefined) return value === '' ? null : 'no value';
  const { least, most, words = [] } = values;
  if (words.includes(value)) return null;
  const isWithin =
    least !== undefined && most !== undefined && Number(value) >= least && Number(value) <= most;
  // As a number is written, so that no two spellings mean the same.
  if (isWithin && String(Math.trunc(Number(value))) === value) return null;
  const range = least === undefined ? [] : [`a whole number from ${least} to ${most}`];
  return [...range, ...words].join(', ');
};

/** What is wrong with the capabilities that a peer has agreed on; null = nothing. */
export const disagreementIn = (agreed: readonly AgreedCapability[]): string | null => {
  const seen = new Set<string>();
  for (const { name, value } of agreed) {
    const shown = JSON.stringify(name.slice(0, capabilityNameMax));
    if (!isCapabilityName(name)) return `expected a known capability, got ${shown}`;
    if (seen.has(name)) return `expected every capability once, got ${shown} again`;
    seen.add(name);
    const expected = expectedInstead(name, value);
    if (expected !== null)
      return `expected ${name} with ${expected}, got ${JSON.stringify(value.slice(0, capabilityNameMax))}`;
  }
  return null;
};

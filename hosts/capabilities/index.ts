import type { AgreedCapability, CapabilityName, CapabilityValue } from '../../proto/capabilities.ts';
import { disagreementIn, isCapabilityName } from '../../proto/capabilities.ts';
import { LivemigError } from '../../proto/errors.ts';
import type { GuestMemory } from '../guest/memory.ts';
import type { AtDestination, AtSource, Capability, PageDecoder, SourceContext } from './capability.ts';
import { autoConverge } from './auto-converge.ts';
import { coldFirst } from './cold-first.ts';
import { dedup } from './dedup.ts';
import { prepaging } from './prepaging.ts';
import { uniformPages } from './uniform-pages.ts';
import { xbzrle } from './xbzrle.ts';
import { zstdCompression } from './zstd.ts';

/** What the transfer or the session does itself. */
const partOfTransfer: Capability = {};

const capabilities: Readonly<Record<CapabilityName, Capability>> = {
  multifd: partOfTransfer,
  'postcopy-preempt': partOfTransfer,
  'zero-page-detection': partOfTransfer,
  'uniform-pages': uniformPages,
  xbzrle,
  dedup,
  zstd: zstdCompression,
  'cold-first': coldFirst,
  prepaging,
  'auto-converge': autoConverge,
  'pause-before-switchover': partOfTransfer,
  tls: partOfTransfer,
};

const valueOf = ({ value }: AgreedCapability): CapabilityValue =>
  value === '' ? true : Number.isFinite(Number(value)) ? Number(value) : value;

/** By name, in the order in which encodings are tried. */
const made = <T>(
  agreed: readonly AgreedCapability[],
  make: (capability: Capability, value: CapabilityValue) => T | undefined,
): Map<CapabilityName, T> => {
  const wrong = disagreementIn(agreed);
  if (wrong !== null) throw new LivemigError('PROTOCOL_VIOLATION', wrong);
  const parts = new Map<CapabilityName, T>();
  for (const capability of agreed) {
    const { name } = capability;
    if (!isCapabilityName(name)) continue;
    const part = make(capabilities[name], valueOf(capability));
    if (part !== undefined) parts.set(name, part);
  }
  return parts;
};

export const capabilitiesAtSource = (
  agreed: readonly AgreedCapability[],
  context: SourceContext,
): Map<CapabilityName, AtSource> =>
  made(agreed, (capability, value) => capability.atSource?.(context, value));

/** @throws LivemigError PROTOCOL_VIOLATION for one that this host doesn't know. */
export const capabilitiesAtDestination = (
  agreed: readonly AgreedCapability[],
  memory: GuestMemory,
): Map<CapabilityName, AtDestination> =>
  made(agreed, (capability, value) => capability.atDestination?.(memory, value));

/** By the name of the encoding, which is its capability's. */
export const decodersOf = (
  parts: ReadonlyMap<CapabilityName, AtDestination>,
): Map<CapabilityName, PageDecoder> =>
  new Map([...parts].flatMap(([name, { decoder }]) => (decoder === undefined ? [] : [[name, decoder]])));

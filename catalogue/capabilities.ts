import type { GuestMemory } from '#hosts/guest/memory';
import type { AgreedCapability, Capabilities, CapabilityValue } from '#proto/capabilities';
import { LivemigError } from '#proto/errors';
import { capabilityNameMax } from '#proto/migration-bounds';
import type {
  AtDestination,
  AtSource,
  CapabilityDefinition,
  PageDecoder,
  SourceContext,
} from './capability.ts';
import type { TransferSwitches } from '#proto/strategy';
import { definedAs, readRoom } from './room.ts';
import type { TransferSettings } from './transfer.ts';
import { plainTransfer } from './transfer.ts';

const room = readRoom<CapabilityDefinition>('capabilities');
const orderOf = ({ encodingOrder = 0 }: CapabilityDefinition): number => encodingOrder;

/** By name; encodings in the order in which they are tried. */
export const capabilityDefinitions: ReadonlyMap<string, CapabilityDefinition> = new Map(
  [...room].sort(([, one], [, other]) => orderOf(one) - orderOf(other)),
);
export const capabilityNames: readonly string[] = [...capabilityDefinitions.keys()];

export const isCapabilityName = (name: string): boolean => capabilityDefinitions.has(name);

export const capabilityDefinition = (name: string): CapabilityDefinition =>
  definedAs(capabilityDefinitions, name);

const bareValue = ({ values }: CapabilityDefinition): CapabilityValue => values?.whenBare ?? true;

/** The capabilities that are on by default. */
export const defaultCapabilities: Capabilities = Object.fromEntries(
  [...capabilityDefinitions.values()].flatMap((definition) =>
    definition.isOnByDefault === true ? [[definition.name, bareValue(definition)]] : [],
  ),
);

/** The transfer settings that these capabilities imply. */
export const settingsOf = (capabilities: Capabilities): TransferSettings =>
  Object.entries(capabilities).reduce<TransferSettings>(
    (settings, [name, value]) => ({ ...settings, ...capabilityDefinition(name).sets?.(value) }),
    plainTransfer,
  );

/** The part of the transfer that doesn't depend on the link. @param dirtyBitmap of TransferSwitches */
export const switchesOf = (capabilities: Capabilities, dirtyBitmap: boolean): TransferSwitches => {
  const { channels, faults } = settingsOf(capabilities);
  return { channels, faults, dirtyBitmap };
};

export const defaultTransfer: TransferSwitches = switchesOf(defaultCapabilities, true);

/** The enabled capabilities that both sides have to agree on. */
export const agreementOf = (capabilities: Capabilities): AgreedCapability[] =>
  [...capabilityDefinitions.values()].flatMap(({ name, isOutOfAgreement }) => {
    const value = capabilities[name];
    if (value === undefined || isOutOfAgreement === true) return [];
    return [{ name, value: value === true ? '' : String(value) }];
  });

/** The values a capability accepts: `a whole number from 1 to 19, auto`. */
export const expectedValueOf = ({ values }: CapabilityDefinition): string => {
  if (values === undefined) return 'true';
  const { least, most, words = [], whenBare } = values;
  const range = least === undefined ? [] : [`a whole number from ${least} to ${most}`];
  return [...range, ...words, ...(whenBare === true ? ['true'] : [])].join(', ');
};

/** Whether the capability accepts a value. */
export const isValueOf = ({ values }: CapabilityDefinition, value: unknown): value is CapabilityValue => {
  if (value === true) return values === undefined || values.whenBare === true;
  if (values === undefined) return false;
  const { least, most, words = [] } = values;
  if (typeof value === 'string') return words.includes(value);
  if (least === undefined || most === undefined || !Number.isInteger(value)) return false;
  return (value as number) >= least && (value as number) <= most;
};

const valueOf = (text: string): CapabilityValue => {
  if (text === '') return true;
  // Canonical numbers only, so that no two spellings mean the same.
  return String(Math.trunc(Number(text))) === text ? Number(text) : text;
};

/** What is wrong with the capabilities that a peer agreed to; null = nothing. */
export const disagreementIn = (agreed: readonly AgreedCapability[]): string | null => {
  const seen = new Set<string>();
  for (const { name, value } of agreed) {
    const shown = JSON.stringify(name.slice(0, capabilityNameMax));
    const definition = capabilityDefinitions.get(name);
    if (definition === undefined || definition.isOutOfAgreement === true)
      return `expected a known capability, got ${shown}`;
    if (seen.has(name)) return `expected every capability once, got ${shown} again`;
    seen.add(name);
    if (!isValueOf(definition, valueOf(value))) {
      const expected = definition.values === undefined ? 'no value' : expectedValueOf(definition);
      return `expected ${name} with ${expected}, got ${JSON.stringify(value.slice(0, capabilityNameMax))}`;
    }
  }
  return null;
};

/** By name, in the order in which encodings are tried. */
const made = <T>(
  agreed: readonly AgreedCapability[],
  make: (definition: CapabilityDefinition, value: CapabilityValue) => T | undefined,
): Map<string, T> => {
  const wrong = disagreementIn(agreed);
  if (wrong !== null) throw new LivemigError('PROTOCOL_VIOLATION', wrong);
  const parts = new Map<string, T>();
  for (const { name, value } of agreed) {
    const part = make(capabilityDefinition(name), valueOf(value));
    if (part !== undefined) parts.set(name, part);
  }
  return parts;
};

export const capabilitiesAtSource = (
  agreed: readonly AgreedCapability[],
  context: SourceContext,
): Map<string, AtSource> => made(agreed, (definition, value) => definition.atSource?.(context, value));

/** @throws LivemigError PROTOCOL_VIOLATION for an unknown capability. */
export const capabilitiesAtDestination = (
  agreed: readonly AgreedCapability[],
  memory: GuestMemory,
): Map<string, AtDestination> =>
  made(agreed, (definition, value) => definition.atDestination?.(memory, value));

/** By the name of the encoding, which is its capability's. */
export const decodersOf = (parts: ReadonlyMap<string, AtDestination>): Map<string, PageDecoder> =>
  new Map([...parts].flatMap(([name, { decoder }]) => (decoder === undefined ? [] : [[name, decoder]])));

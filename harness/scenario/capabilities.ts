import type { Capabilities, CapabilityValue, CapabilityValues } from '../../proto/capabilities.ts';
import {
  capabilityDefinition,
  capabilityNames,
  defaultCapabilities,
  isCapabilityName,
} from '../../proto/capabilities.ts';
import type { TransferSwitches } from '../../proto/strategy.ts';
import { unknownName } from '../nearest.ts';
import { shown } from '../shown.ts';
import { field } from './fields.ts';
import { isSection } from './shorthand.ts';

/** What a scenario says of each capability that it names; false = off. */
export type WantedCapabilities = Partial<Record<keyof Capabilities, CapabilityValue | false>>;

const expectedText = ({ meaning, least, most, words = [] }: CapabilityValues): string =>
  [
    ...(least === undefined ? [] : [`a whole number from ${least} to ${most} (${meaning})`]),
    ...words,
    'off',
  ].join(', ');

const valueOf = (values: CapabilityValues, given: unknown): CapabilityValue | undefined => {
  if (values.words?.includes(String(given)) === true) return String(given);
  const number = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
  const { least, most } = values;
  if (least === undefined || most === undefined || !Number.isInteger(number)) return undefined;
  return (number as number) >= least && (number as number) <= most ? (number as number) : undefined;
};

const offWords: readonly unknown[] = [false, 'false', 'off'];
const onWords: readonly unknown[] = [true, 'true', 'on', ''];

/** One capability as it was given: the value, or what was expected instead. */
const readOne = (
  name: keyof Capabilities,
  given: unknown,
): { value: CapabilityValue | false } | { expected: string } => {
  const { values } = capabilityDefinition(name);
  if (offWords.includes(given)) return { value: false };
  if (onWords.includes(given)) return { value: values?.whenBare ?? true };
  if (values === undefined) return { expected: 'on or off' };
  const value = valueOf(values, given);
  return value === undefined ? { expected: expectedText(values) } : { value };
};

/** The `capabilities` section, names to values, with every problem of it in one line. */
export const capabilitiesField = () =>
  field<WantedCapabilities>((section) => {
    if (!isSection(section))
      return { problem: `expected names like ${capabilityNames.join(', ')}, got ${shown(section)}` };
    const problems: string[] = [];
    const wanted: WantedCapabilities = {};
    for (const [name, given] of Object.entries(section)) {
      if (!isCapabilityName(name)) {
        problems.push(unknownName('capability', name, capabilityNames));
        continue;
      }
      const read = readOne(name, given);
      if ('value' in read) wanted[name] = read.value;
      else problems.push(`${name}: expected ${read.expected}, got ${shown(given)}`);
    }
    return problems.length === 0 ? { value: wanted } : { problem: problems.join('; ') };
  });

const entriesOf = (wanted: WantedCapabilities) =>
  Object.entries(wanted) as [keyof Capabilities, CapabilityValue | false][];

/** Shorthands as the switches of the transfer that they are. */
export const switchesBy = (wanted: WantedCapabilities): Partial<TransferSwitches> =>
  Object.assign({}, ...entriesOf(wanted).map(([name, value]) => capabilityDefinition(name).sets?.(value) ?? {})) as Partial<TransferSwitches>; // prettier-ignore

/** The capabilities that are on, shorthands left out. */
export const capabilitiesBy = (wanted: WantedCapabilities): Capabilities => {
  const on: Capabilities = { ...defaultCapabilities };
  for (const [name, value] of entriesOf(wanted)) {
    if (capabilityDefinition(name).sets !== undefined) continue;
    if (value === false) Reflect.deleteProperty(on, name);
    else on[name] = value;
  }
  return on;
};

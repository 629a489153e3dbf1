import {
  capabilityDefinition,
  capabilityNames,
  defaultCapabilities,
  isCapabilityName,
  isValueOf,
} from '#catalogue/capabilities';
import type { CapabilityDefinition, CapabilityValues } from '#catalogue/capability';
import type { Capabilities, CapabilityValue } from '#proto/capabilities';
import { unknownName } from '../nearest.ts';
import { shown } from '../shown.ts';
import { field } from './fields.ts';
import { isSection } from './shorthand.ts';

/** The value of each capability that a scenario names; false = off. */
export type WantedCapabilities = Record<string, CapabilityValue | false>;

const expectedText = ({ meaning, least, most, words = [], whenBare }: CapabilityValues): string =>
  [
    ...(least === undefined ? [] : [`a whole number from ${least} to ${most} (${meaning})`]),
    ...words,
    ...(whenBare === true ? ['on'] : []),
    'off',
  ].join(', ');

const offWords: readonly unknown[] = [false, 'false', 'off'];
const onWords: readonly unknown[] = [true, 'true', 'on', ''];

/** Reads one capability: its value, or what was expected instead. */
const readOne = (
  definition: CapabilityDefinition,
  given: unknown,
): { value: CapabilityValue | false } | { expected: string } => {
  const { values } = definition;
  if (offWords.includes(given)) return { value: false };
  if (onWords.includes(given)) return { value: values?.whenBare ?? true };
  if (values === undefined) return { expected: 'on or off' };
  const number = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
  const value = [given, number].find((each) => isValueOf(definition, each));
  return value === undefined ? { expected: expectedText(values) } : { value: value };
};

/** JSON Schema of one capability, for editors. */
const jsonOf = ({ help, values, isOnByDefault }: CapabilityDefinition): Record<string, unknown> => {
  const { meaning, least, most, words = [] } = values ?? {};
  return {
    description: values === undefined ? help : `${help}; ${meaning}`,
    anyOf: [
      { enum: [true, false, 'on', 'off', ...words] },
      ...(least === undefined ? [] : [{ type: 'integer', minimum: least, maximum: most }]),
    ],
    ...(isOnByDefault === true ? { default: true } : {}),
  };
};

const json = {
  anyOf: [
    { type: 'string' },
    {
      type: 'object',
      properties: Object.fromEntries(
        capabilityNames.map((name) => [name, jsonOf(capabilityDefinition(name))]),
      ),
      additionalProperties: false,
    },
  ],
};

/** The `capabilities` section, names to values, with all its problems in one line. */
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
      const read = readOne(capabilityDefinition(name), given);
      if ('value' in read) wanted[name] = read.value;
      else problems.push(`${name}: expected ${read.expected}, got ${shown(given)}`);
    }
    return problems.length === 0 ? { value: wanted } : { problem: problems.join('; ') };
  }, json);

/** The capabilities that are on. */
export const capabilitiesBy = (wanted: WantedCapabilities): Capabilities => {
  const on: Record<string, CapabilityValue> = { ...defaultCapabilities };
  for (const [name, value] of Object.entries(wanted))
    if (value === false) Reflect.deleteProperty(on, name);
    else on[name] = value;
  return on;
};

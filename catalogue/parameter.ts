/**
 * Parameters, each declared once: meaning, unit, range and default. The schemas of scenario, management plane and
 * result, options, help and documentation are derived from them.
 */

interface Declared {
  /** Its meaning, in one line. */
  help: string;
  /** The command-line option that sets it, in commander's syntax: `--downtime-limit <ms>`. */
  option?: string;
  /** QEMU's name for it. */
  qemu?: string;
  /** It may be changed while a migration runs (QEMU's migrate-set-parameters). */
  isAdjustable?: true;
}

export interface NumberParameter extends Declared {
  kind: 'integer' | 'number';
  unit: string;
  /** The range, both ends inclusive … */
  least: number;
  most: number;
  /** … unless this excludes the lower one. */
  isAboveLeast?: true;
  default: number;
}

export interface ChoiceParameter extends Declared {
  kind: 'choice';
  /** What is chosen: `read pattern`. */
  what: string;
  among: ReadonlyMap<string, Chosen>;
  default: string;
}

export type Parameter = NumberParameter | ChoiceParameter;
export type Parameters = Readonly<Record<string, Parameter>>;
export type ParameterValue = number | string;

/** An option of a choice: a definition, which may have parameters. */
export interface Chosen {
  readonly name: string;
  readonly help: string;
  readonly parameters?: Parameters;
}

export type ValuesOf<P extends Parameters> = {
  [K in keyof P]: P[K] extends ChoiceParameter ? string : number;
};

type Given<P> = Omit<P, 'kind'>;

export const integer = (given: Given<NumberParameter>): NumberParameter => ({ kind: 'integer', ...given });
export const number = (given: Given<NumberParameter>): NumberParameter => ({ kind: 'number', ...given });
export const choice = (given: Given<ChoiceParameter>): ChoiceParameter => ({ kind: 'choice', ...given });

/** The expected value, in words: `a whole number from 1 to 100`. */
export const expectedOf = (parameter: Parameter): string => {
  if (parameter.kind === 'choice') return `one of ${[...parameter.among.keys()].join(', ')}`;
  const { kind, least, most, isAboveLeast } = parameter;
  const what = kind === 'integer' ? 'a whole number' : 'a number';
  return isAboveLeast === true
    ? `${what} above ${least} and up to ${most}`
    : `${what} from ${least} to ${most}`;
};

/** Whether the parameter accepts a value. */
export const holds = (parameter: Parameter, value: unknown): value is ParameterValue => {
  if (parameter.kind === 'choice') return typeof value === 'string' && parameter.among.has(value);
  const { kind, least, most, isAboveLeast } = parameter;
  return (
    typeof value === 'number' &&
    (isAboveLeast === true ? value > least : value >= least) &&
    value <= most &&
    (kind === 'number' || Number.isInteger(value))
  );
};

type Values = Readonly<Record<string, unknown>>;

/**
 * The parameters that apply with these values: those of a definition, and those of its chosen options.
 * @param values missing and invalid ones count as their defaults.
 */
export const allParameters = (parameters: Parameters, values: Values): Parameters => {
  const all: Record<string, Parameter> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    all[name] = parameter;
    if (parameter.kind !== 'choice') continue;
    const value = values[name];
    const chosen = parameter.among.get(holds(parameter, value) ? String(value) : parameter.default);
    Object.assign(all, allParameters(chosen?.parameters ?? {}, values));
  }
  return all;
};

/** Every parameter that may apply, for any choice. */
export const possibleParameters = (parameters: Parameters): Parameters =>
  Object.values(parameters).reduce<Parameters>(
    (all, parameter) =>
      parameter.kind === 'choice' ? { ...all, ...possibleOf(parameter.among.values()) } : all,
    parameters,
  );

/** The possible parameters of all these definitions. */
export const possibleOf = (definitions: Iterable<Chosen>): Parameters =>
  [...definitions].reduce<Parameters>(
    (all, { parameters = {} }) => ({ ...all, ...possibleParameters(parameters) }),
    {},
  );

/** The values of these parameters; defaults where none is given. */
export const valuesOf = <P extends Parameters>(parameters: P, given: Values = {}): ValuesOf<P> =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => [
      name,
      holds(parameter, given[name]) ? given[name] : parameter.default,
    ]),
  ) as ValuesOf<P>;

/** The definitions that take a parameter, as written in options: `hotspot`, `read,pattern=hot-set`. */
export const takersOf = (definitions: Iterable<Chosen>, name: string): string[] =>
  [...definitions].flatMap(({ name: taker, parameters = {} }) => {
    if (parameters[name] !== undefined) return [taker];
    return Object.entries(parameters).flatMap(([key, parameter]) =>
      parameter.kind === 'choice'
        ? takersOf(parameter.among.values(), name).map((chosen) => `${taker},${key}=${chosen}`)
        : [],
    );
  });

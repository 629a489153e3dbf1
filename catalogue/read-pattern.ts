import type { Parameters, ValuesOf } from './parameter.ts';
import { valuesOf } from './parameter.ts';
import type { Definition } from './room.ts';
import type { WorkloadContext } from './workload.ts';

/** What a pattern sees of its workload; it keeps its state in register 0. */
export type Reading = Pick<WorkloadContext, 'config' | 'slice' | 'registers'>;

/** The order in which the workload `read` reads its region. */
export interface ReadPatternDefinition extends Definition {
  readonly parameters: Parameters;
  /** @returns a function that gives the next page, relative to the slice's first. */
  start(reading: Reading): (random: () => number) => number;
}

export const defineReadPattern = <const P extends Parameters>(definition: {
  name: string;
  help: string;
  parameters: P;
  next(reading: Reading, random: () => number, parameters: ValuesOf<P>): number;
}): ReadPatternDefinition => ({
  name: definition.name,
  help: definition.help,
  parameters: definition.parameters,
  start: (reading) => {
    const parameters = valuesOf(definition.parameters, reading.config);
    return (random) => definition.next(reading, random, parameters);
  },
});

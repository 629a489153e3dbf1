import { LivemigError } from '#proto/errors';
import { wordsIn } from '#proto/migration-phases';

export const violation = (message: string, options: { cause?: unknown } = {}): LivemigError =>
  new LivemigError('PROTOCOL_VIOLATION', message, options);

type Legal<W extends string, P extends string> = Readonly<Record<W, readonly P[]>>;
type Moves<P extends string, M extends string> = Readonly<Record<M, Readonly<Partial<Record<P, P>>>>>;

/** Where one connection stands, by one end's tables of proto/migration-phases.ts. Pure. */
export class PhaseMachine<W extends string, P extends string, M extends string> {
  readonly #peer: string;
  readonly #legal: Legal<W, P>;
  readonly #moves: Moves<P, M>;
  #phase: P;

  /** @param peer who sends, for messages. */
  constructor(peer: string, first: P, legal: Legal<W, P>, moves: Moves<P, M>) {
    this.#peer = peer;
    this.#phase = first;
    this.#legal = legal;
    this.#moves = moves;
  }

  get phase(): P {
    return this.#phase;
  }

  /** @throws LivemigError PROTOCOL_VIOLATION if the peer may not say this now. */
  demand(word: W): void {
    if (this.#legal[word].includes(this.#phase)) return;
    const expected = wordsIn(this.#legal, this.#phase).join(', ');
    throw violation(`expected ${expected} of the ${this.#peer} in phase ${this.#phase}, got ${word}`);
  }

  /** Something happened; if the table has no next phase for it, the phase stays. */
  move(event: M): void {
    this.#phase = this.#moves[event][this.#phase] ?? this.#phase;
  }
}

/** @throws LivemigError PROTOCOL_VIOLATION for what isn't a whole number of this range. */
export const demandWithin = (what: string, value: number, least: number, most: number): void => {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw violation(
    least === most
      ? `expected ${what} ${most}, got ${value}`
      : `expected ${what} from ${least} to ${most}, got ${value}`,
  );
};

/** @throws LivemigError PROTOCOL_VIOLATION for what isn't one sequence number for each of this many channels. */
export const demandSequences = (what: string, after: readonly number[], channels: number): void => {
  if (after.length !== channels)
    throw violation(
      `expected ${what} to name a sequence for each of ${channels} channels, got ${after.length}`,
    );
  for (const sequence of after) demandWithin(`a sequence of ${what}`, sequence, 0, Number.MAX_SAFE_INTEGER);
};

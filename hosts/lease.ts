const textMax = 200;

export interface LeaseTerms {
  /** After this long without a word from its holder, in ms, the lease ends … */
  silenceMs: number;
  /** … and after this long once its stream has broken. */
  graceMs: number;
  /** The lease runs from the start, even before anyone has taken it. */
  isRequired: boolean;
  /** Called when the host has lost its harness. Never rejects. */
  ended: (why: string) => Promise<void>;
}

interface Holder {
  id: string;
  name: string;
  stream: object | null;
  silentMs: number;
}

/** Which harness a host belongs to. `passed` tells it the time. */
export class Lease {
  readonly #terms: LeaseTerms;
  #holder: Holder | null;
  #changed = Promise.withResolvers<undefined>();
  #ending: Promise<void> | null = null;
  /** Nothing will ever be heard on these streams again. */
  readonly #gone = new WeakSet();

  constructor(terms: LeaseTerms) {
    this.#terms = terms;
    this.#holder = terms.isRequired
      ? { id: '', name: 'the harness that started it', stream: this, silentMs: 0 }
      : null;
  }

  /**
   * Gives the host to this harness. Waits while the last one may still come back, and until what that left is gone.
   * @param stream on which the holder is heard from now on
   * @returns why that can't be; null = done
   */
  async take(id: string, name: string, stream: object): Promise<string | null> {
    for (;;) {
      const holder = this.#holder;
      // The client may have left while it waited for its turn.
      if (this.#gone.has(stream)) return 'expected a harness that waits for the host, it has left';
      if (this.#ending !== null) await this.#ending;
      else if (holder === null || holder.id === id || holder.id === '') {
        this.#holder = { id: id.slice(0, textMax), name: name.slice(0, textMax), stream, silentMs: 0 };
        this.#tell();
        return null;
      } else if (holder.stream !== null)
        return `expected a host that no other harness holds: ${holder.name} does; wait for its end`;
      else await this.#changed.promise;
    }
  }

  heard(stream: object): void {
    if (this.#holder?.stream === stream) this.#holder.silentMs = 0;
  }

  /** The stream has broken without warning. */
  left(stream: object): void {
    this.#gone.add(stream);
    if (this.#holder?.stream !== stream) return;
    this.#holder.stream = null;
    this.#holder.silentMs = 0;
    this.#tell();
  }

  /** The holder is done. Resolves when what it left is gone. */
  async release(stream: object): Promise<void> {
    if (this.#holder?.stream === stream) await this.#end(`${this.#holder.name} is through`);
  }

  /** This much time has passed on the monotonic clock, in ms. */
  passed(ms: number): void {
    const holder = this.#holder;
    if (holder === null) return;
    holder.silentMs += ms;
    const { silenceMs, graceMs } = this.#terms;
    if (holder.silentMs >= (holder.stream === null ? graceMs : silenceMs))
      void this.#end(
        `${holder.name} is gone: ${holder.stream === null ? 'its connection broke, and' : 'there was'} no word for ${Math.round(holder.silentMs)} ms`,
      );
  }

  #tell(): void {
    this.#changed.resolve(undefined);
    this.#changed = Promise.withResolvers();
  }

  #end(why: string): Promise<void> {
    this.#holder = null;
    this.#ending = this.#terms.ended(why).finally(() => {
      this.#ending = null;
    });
    this.#tell();
    return this.#ending;
  }
}

const textMax = 200;

export interface LeaseTerms {
  /** Without a word of its holder for so long, in ms, the lease ends … */
  silenceMs: number;
  /** … and for so long once its stream has broken. */
  graceMs: number;
  /** It runs from the start on, before anyone has taken it. */
  isRequired: boolean;
  /** The host has no harness any more. Never rejects. */
  ended: (why: string) => Promise<void>;
}

interface Holder {
  id: string;
  name: string;
  stream: object | null;
  silentMs: number;
}

/** Which harness a host belongs to. Time is told by `passed`. */
export class Lease {
  readonly #terms: LeaseTerms;
  #holder: Holder | null;
  #changed = Promise.withResolvers<undefined>();
  #ending: Promise<void> | null = null;

  constructor(terms: LeaseTerms) {
    this.#terms = terms;
    this.#holder = terms.isRequired
      ? { id: '', name: 'the harness that started it', stream: this, silentMs: 0 }
      : null;
  }

  /**
   * Makes the host this harness's. Waits while its last one may still come back, and until what that left is gone.
   * @param stream from now on to be heard on
   * @returns why it can't be; null = it is
   */
  async take(id: string, name: string, stream: object): Promise<string | null> {
    for (;;) {
      const holder = this.#holder;
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

  /** The stream is gone without a word. */
  left(stream: object): void {
    if (this.#holder?.stream !== stream) return;
    this.#holder.stream = null;
    this.#holder.silentMs = 0;
    this.#tell();
  }

  /** Its holder is through. Resolves when what it left is gone. */
  async release(stream: object): Promise<void> {
    if (this.#holder?.stream === stream) await this.#end(`${this.#holder.name} is through`);
  }

  /** So much time has passed on the monotonic clock, in ms. */
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

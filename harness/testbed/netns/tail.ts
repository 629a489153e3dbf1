/** The last `maxLength` characters of a stream of text: enough to explain a failure, bounded for a long run. */
export class Tail {
  readonly #maxLength: number;
  #kept = '';
  #dropped = false;

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  push(text: string): void {
    this.#kept += text;
    if (this.#kept.length <= this.#maxLength) return;
    this.#kept = this.#kept.slice(-this.#maxLength);
    this.#dropped = true;
  }

  text(): string {
    return this.#dropped ? `… ${this.#kept}` : this.#kept;
  }
}

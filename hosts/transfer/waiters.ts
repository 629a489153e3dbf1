/**
 * Waiting for a condition that only events change. Whoever changes state calls `poke`; a failure rejects everyone,
 * now and later.
 */
export class Waiters {
  readonly #waiting = new Set<{
    condition: () => boolean;
    resolve: () => void;
    reject: (error: unknown) => void;
  }>();
  #failure: { error: unknown } | null = null;

  get failed(): boolean {
    return this.#failure !== null;
  }

  /** @throws the failure, once there is one. */
  check(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  until(condition: () => boolean): Promise<void> {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what failed is passed on as it came
    if (this.#failure !== null) return Promise.reject(this.#failure.error);
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.add({ condition, resolve, reject });
    });
  }

  /** What was promised, or a failure that comes first. @param promised may be a plain value as well */
  unlessFailed<T>(promised: PromiseLike<T> | T): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiter = { condition: () => false, resolve: () => undefined, reject };
      this.#waiting.add(waiter);
      Promise.resolve(promised)
        .then(resolve, reject)
        .finally(() => this.#waiting.delete(waiter));
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what failed is passed on as it came
      if (this.#failure !== null) reject(this.#failure.error);
    });
  }

  poke(): void {
    for (const waiter of this.#waiting)
      if (waiter.condition()) {
        this.#waiting.delete(waiter);
        waiter.resolve();
      }
  }

  /** The first failure counts. */
  fail(error: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = { error };
    for (const waiter of this.#waiting) waiter.reject(error);
    this.#waiting.clear();
  }
}

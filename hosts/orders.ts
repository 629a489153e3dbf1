import { LivemigError } from '#proto/errors';

/** Which orders a host accepts in which phase, and what to say when it refuses one. */
export interface OrderTable<Phase extends string, Order extends string> {
  /** What each phase is, for messages: `it has …`. */
  phases: Readonly<Record<Phase, string>>;
  orders: Readonly<Record<Order, readonly Phase[]>>;
}

/**
 * Holds a host's management plane to a table of phases and orders. An order that takes time has the host to itself:
 * what comes meanwhile is refused.
 */
export class Orders<Phase extends string, Order extends string> {
  readonly #host: string;
  readonly #table: OrderTable<Phase, Order>;
  phase: Phase;
  #underWay: { order: Order; ended: Promise<unknown> } | null = null;

  constructor(host: string, table: OrderTable<Phase, Order>, phase: Phase) {
    this.#host = host;
    this.#table = table;
    this.phase = phase;
  }

  /** @throws LivemigError ILLEGAL_PHASE that says what was expected. */
  demand(order: Order): void {
    if (this.#underWay !== null)
      throw new LivemigError(
        'ILLEGAL_PHASE',
        `${order}: expected ${this.#host} with no order under way, it is at ${this.#underWay.order}: wait for its end`,
      );
    const { phases, orders } = this.#table;
    if (orders[order].includes(this.phase)) return;
    const expected = orders[order].map((phase) => phases[phase]).join(', or ');
    throw new LivemigError(
      'ILLEGAL_PHASE',
      `${order}: expected ${this.#host} with ${expected}; it has ${phases[this.phase]}`,
    );
  }

  /** @throws LivemigError ILLEGAL_PHASE, or what `act` does. */
  async exclusively<T>(order: Order, act: () => Promise<T>): Promise<T> {
    this.demand(order);
    const work = act();
    const mine = { order, ended: work.catch(() => undefined) };
    this.#underWay = mine;
    try {
      return await work;
    } finally {
      this.#underWay = null;
    }
  }

  /** Resolves when no order is under way. */
  async idle(): Promise<void> {
    await this.#underWay?.ended;
  }
}

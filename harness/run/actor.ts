import { codeOf, LivemigError, messageOf } from '#proto/errors';
import { within } from '../within.ts';
import type { Run } from './context.ts';
import type { StageName } from './events.ts';

/**
 * Something that goes on beside the migration: an instrument that watches it, or a load that disturbs it. Made anew for
 * every run, so it may keep what it needs. Each hook is optional, has a bound, and may throw: the run then fails, with the
 * actor's name in the error.
 */
export interface RunActor<Evidence = unknown> {
  /** It starts before the work of this stage … */
  readonly from: StageName;
  /** … and stops after the work of that one. */
  readonly until: StageName;
  /** What a hook takes by its nature, in ms, beyond the patience that it gets anyway. */
  takesMs?(run: Run): number;
  /** On the idle link, before any guest boots. */
  prepare?(run: Run): Promise<void>;
  start?(run: Run): Promise<void>;
  /**
   * Called once for every actor whose start was tried.
   * @param how `abandoned`: the run has failed, and nobody will collect.
   */
  stop?(run: Run, how: 'done' | 'abandoned'): Promise<void>;
  /** Its part of what the run measures by, under its name. Called after the stage `collect`, when it has stopped by then. */
  collect?(run: Run): Promise<Evidence>;
}

/** The actors of a run by their names, in the order in which they start where they start at one stage. They stop in reverse. */
export type Actors = Readonly<Record<string, RunActor>>;

/** What the actors of a list collect, by their names. */
export type EvidenceOf<A extends Actors> = {
  [
    Name in keyof A as A[Name] extends { collect(run: Run): Promise<unknown> } ? Name : never
  ]: A[Name] extends {
    collect(run: Run): Promise<infer Evidence>;
  }
    ? Evidence
    : never;
};

type Hook = 'prepare' | 'start' | 'stop' | 'collect';
const doing: Readonly<Record<Hook, string>> = {
  prepare: 'being prepared',
  start: 'starting',
  stop: 'stopping',
  collect: 'being read',
};

/** That the run was aborted is nobody's failure. */
const named = (name: string, hook: Hook, error: unknown): unknown =>
  codeOf(error) === 'CANCELLED'
    ? error
    : new LivemigError(codeOf(error), `actor ${name}, ${doing[hook]}`, { cause: error });

/** The actors of one run, called at its stages. What was started is stopped, whatever happens. */
export class Cast<A extends Actors> {
  readonly #run: Run;
  readonly #actors: A;
  /** Started and not stopped. */
  readonly #playing = new Set<string>();

  constructor(run: Run, actors: A) {
    this.#run = run;
    this.#actors = actors;
  }

  async prepare(): Promise<void> {
    for (const [name, actor] of Object.entries(this.#actors))
      await this.#bounded(name, 'prepare', actor.prepare?.(this.#run));
  }

  async begin(stage: StageName): Promise<void> {
    for (const [name, actor] of Object.entries(this.#actors)) {
      if (actor.from !== stage) continue;
      this.#playing.add(name);
      await this.#bounded(name, 'start', actor.start?.(this.#run));
    }
  }

  async end(stage: StageName): Promise<void> {
    for (const name of this.#inReverse())
      if (this.#actors[name]?.until === stage) await this.#stop(name, 'done');
  }

  async collect(): Promise<EvidenceOf<A>> {
    const collected: Record<string, unknown> = {};
    for (const [name, actor] of Object.entries(this.#actors))
      if (actor.collect !== undefined)
        collected[name] = await this.#bounded(name, 'collect', actor.collect(this.#run));
    return collected as EvidenceOf<A>;
  }

  /**
   * Stops whatever still plays, in reverse, also where one of them can't be stopped. Never rejects.
   * @returns what went wrong
   */
  async abandon(): Promise<string[]> {
    const problems: string[] = [];
    for (const name of this.#inReverse())
      await this.#stop(name, 'abandoned').catch((error: unknown) => problems.push(messageOf(error)));
    return problems;
  }

  /** Those that play, the last of the list first. */
  #inReverse(): string[] {
    return Object.keys(this.#actors)
      .filter((name) => this.#playing.has(name))
      .toReversed();
  }

  async #stop(name: string, how: 'done' | 'abandoned'): Promise<void> {
    // Not a second time, however the first one ends.
    this.#playing.delete(name);
    const { patience } = this.#run;
    const boundMs = how === 'done' ? undefined : patience.noticeMs;
    await this.#bounded(name, 'stop', this.#actors[name]?.stop?.(this.#run, how), boundMs);
  }

  async #bounded<T>(
    name: string,
    hook: Hook,
    work: Promise<T> | undefined,
    boundMs?: number,
  ): Promise<T | undefined> {
    if (work === undefined) return undefined;
    const { patience, clock } = this.#run;
    const mostMs = boundMs ?? patience.actorMs + (this.#actors[name]?.takesMs?.(this.#run) ?? 0);
    try {
      return await within(work, mostMs, 'it', clock);
    } catch (error) {
      throw named(name, hook, error);
    }
  }
}

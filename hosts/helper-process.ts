import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { ErrorDocument } from '#proto/errors';
import { fromErrorDocument, LivemigError } from '#proto/errors';

const startTimeoutMs = 15_000;
const endTimeoutMs = 5_000;

/** What every helper may say; what else it says is its own. */
type Said = { ready: true } | { failed: ErrorDocument } | object;

/**
 * A process beside the agent, with a channel to it: whatever it does holds up no event loop of the agent's, and isn't the
 * agent's CPU time. It ends with its channel, hence with its agent, however that ends.
 */
export class HelperProcess {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #failure: LivemigError | null = null;
  #onMessage: (message: Said) => void = () => undefined;

  /** @param name for messages: `traffic` */
  constructor(name: string, script: URL) {
    this.#name = name;
    this.#child = fork(script, {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#failure ??= this.#error(`it ended with ${signal ?? `exit code ${String(code)}`}`);
        resolve();
      });
      this.#child.once('error', (cause) => {
        this.#failure ??= new LivemigError('TESTBED_FAILED', `${name}: can't start a process`, { cause });
        resolve();
      });
    });
    this.#child.on('message', (message: Said) => {
      if ('failed' in message) this.#failure = fromErrorDocument(message.failed);
      this.#onMessage(message);
    });
  }

  /** Why it is gone; null while it is there. */
  get failure(): LivemigError | null {
    return this.#failure;
  }

  /**
   * Says something and waits for the answer that `is` recognises.
   * @throws LivemigError why it ended, or that it took too long
   */
  async ask<Answer extends object>(
    message: object,
    is: (answer: object) => answer is Answer,
    mostMs = startTimeoutMs,
  ): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#onMessage = (said) => {
      if (is(said)) resolve(said);
      else if (this.#failure !== null) reject(this.#failure);
    };
    void this.#exited.then(() => {
      reject(this.#failure ?? this.#error('it has ended'));
    });
    const timer = setTimeout(() => {
      reject(this.#error(`it didn't answer within ${mostMs} ms`));
    }, mostMs);
    try {
      if (this.#failure !== null) throw this.#failure;
      this.#child.send(message, () => undefined);
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#onMessage = () => undefined;
    }
  }

  /** Ends it, at once; resolves when it is gone, or isn't to be ended. Idempotent. */
  async end(): Promise<void> {
    this.#failure ??= this.#error('it was ended');
    this.#child.kill('SIGKILL');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, endTimeoutMs);
    });
    await Promise.race([this.#exited, late]);
    clearTimeout(timer);
  }

  #error(what: string): LivemigError {
    return new LivemigError('TESTBED_FAILED', `the process for ${this.#name}: ${what}`);
  }
}

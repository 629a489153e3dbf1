import { abortFor } from '#proto/migration';
import type { FromSource, SourceHello } from '#proto/migration';
import { Channel } from './channel.ts';
import { RulesAtSource } from './rules-at-source.ts';
import type { SourceHistory } from './rules-at-source.ts';
import type { BulkStream, ControlAtSource } from './wire.ts';

/** The source's end of the streams over which a destination talks to it, until they are lost. */
export class SourceConnection {
  readonly #control: ControlAtSource;
  readonly #channelCount: number;
  #isAborted = false;
  /** Bulk channels by number. Streams arrive in any order: a hole is one still missing. */
  readonly channels: Channel[] = [];
  faultChannel: Channel | null = null;
  /** What the destination may say over it. */
  readonly rules: RulesAtSource;
  /** Requests that overtook what the connection still needs. */
  readonly earlyRequests: number[] = [];

  constructor(control: ControlAtSource, hello: SourceHello, history: SourceHistory) {
    this.#control = control;
    this.#channelCount = hello.channels;
    this.rules = new RulesAtSource(hello, history, (channel) => this.channels[channel]?.sequence ?? 0);
  }

  get isOpen(): boolean {
    return (
      this.#isReady && this.faultChannel !== null && Object.keys(this.channels).length === this.#channelCount
    );
  }

  /** The destination has agreed to everything. */
  get #isReady(): boolean {
    const { phase } = this.rules;
    return phase !== 'greeting' && phase !== 'setup' && phase !== 'recover';
  }

  addChannel(index: number, stream: BulkStream): void {
    this.channels[index] = new Channel(stream, (body) => {
      this.rules.wrote(body);
    });
  }

  send(message: FromSource): void {
    this.#control.write(message);
  }

  /** Says why it ends; only the first reason counts. */
  abort(error: unknown): void {
    if (!this.#isAborted) this.send({ abort: abortFor(error) });
    this.#isAborted = true;
  }

  end(): void {
    this.channels.forEach((channel) => {
      channel.end();
    });
    this.faultChannel?.end();
    this.#control.end();
  }

  /** Whatever is said over it no longer counts. */
  destroy(): void {
    this.channels.forEach((channel) => {
      channel.destroy();
    });
    this.faultChannel?.destroy();
    this.#control.destroy();
  }
}

import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { FromDestination, FromSource, SourceHello } from '../../proto/migration.ts';
import { Channel } from './channel.ts';
import type { Stream } from './channel.ts';
import { RulesAtSource } from './rules-at-source.ts';
import type { SourceHistory } from './rules-at-source.ts';

export type ControlStream = ServerDuplexStream<FromDestination, FromSource>;

/** The source's end of the streams over which a destination talks to it, until they are lost. */
export class SourceConnection {
  readonly #control: ControlStream;
  readonly #channelCount: number;
  #isAborted = false;
  /** Bulk channels by number. Streams come in any order: a hole is one that is still missing. */
  readonly channels: Channel[] = [];
  faultChannel: Channel | null = null;
  /** What the destination may say over it. */
  readonly rules: RulesAtSource;
  /** Requests that overtook what the connection still needs. */
  readonly earlyRequests: number[] = [];

  constructor(control: ControlStream, hello: SourceHello, history: SourceHistory) {
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

  addChannel(index: number, stream: Stream): void {
    this.channels[index] = new Channel(stream, (body) => {
      this.rules.wrote(body);
    });
  }

  send(message: FromSource): void {
    this.#control.write(message);
  }

  /** Says why it ends; only the first reason counts. */
  abort(code: string, reason: string): void {
    if (!this.#isAborted) this.send({ abort: { code, reason } });
    this.#isAborted = true;
  }

  end(): void {
    this.channels.forEach((channel) => {
      channel.end();
    });
    this.faultChannel?.end();
    this.#control.end();
  }

  /** Nothing that is said over it counts any more. */
  destroy(): void {
    this.channels.forEach((channel) => {
      channel.destroy();
    });
    this.faultChannel?.destroy();
    this.#control.destroy();
  }
}

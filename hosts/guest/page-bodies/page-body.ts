import { uniformPatternBytes } from '../../../proto/units.ts';

/** Bytes of a page's header, which is written first. A uniform page repeats it. */
export const headerBytes = uniformPatternBytes;

/** What a page holds behind its header. Every byte follows from page number, version and seed. */
export interface PageBody {
  /** Writes the body of the page at `offset`. */
  write(segment: Buffer, offset: number, page: number, version: number): void;
  /** Whether the body of the page at `offset` is the one of this version, to the last byte. */
  matches(segment: Buffer, offset: number, page: number, version: number): boolean;
}

/** What bodies are made of. */
export interface BodySource {
  pool: Buffer;
  seed: number;
}

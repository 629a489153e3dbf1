import { uniformPatternBytes } from '#proto/units';

/** Bytes of a page's header, which is written first. A uniform page repeats it. */
export const headerBytes = uniformPatternBytes;

/** What a page holds after its header. Every byte is derived from page number, version and seed. */
export interface PageBody {
  /** Writes the body of the page at `offset`. */
  write(segment: Buffer, offset: number, page: number, version: number): void;
  /** Whether the body of the page at `offset` is exactly that of this version. */
  matches(segment: Buffer, offset: number, page: number, version: number): boolean;
}

/** The inputs of a body. */
export interface BodySource {
  pool: Buffer;
  seed: number;
}

import type { BodySource, PageBody } from './contents/parts/page-body.ts';
import type { Definition } from './room.ts';

/** What the pages of a workload's region hold after their self-verifying 16-byte header. */
export interface ContentDefinition extends Definition {
  body(source: BodySource): PageBody;
}

export const defineContent = (definition: ContentDefinition): ContentDefinition => definition;

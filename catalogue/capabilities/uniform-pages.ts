import { LivemigError } from '#proto/errors';
import { uniformPatternBytes } from '#proto/units';
import { defineCapability } from '../capability.ts';

const numberBytes = 4;

/** A page that repeats 16 bytes is sent as those: QEMU up to 1.5 did so for one byte (RAM_SAVE_FLAG_COMPRESS). */
export default defineCapability({
  name: 'uniform-pages',
  help: 'send a page that repeats 16 bytes as those 16 bytes (QEMU up to 1.5, for one byte)',
  encodingOrder: 1,
  atSource: ({ memory }) => {
    let pages: number[] = [];
    let patternWords: number[] = [];
    let sent = 0;
    return {
      encoder: {
        take: (page) => {
          if (!memory.takeUniform(page, patternWords)) return null;
          pages.push(page);
          return numberBytes + uniformPatternBytes;
        },
        flush: () => {
          if (pages.length === 0) return null;
          const data = Buffer.from(Int32Array.from(patternWords).buffer);
          const encoded = { encoding: 'uniform-pages', pages, data, wholePages: 0 };
          sent += pages.length;
          pages = [];
          patternWords = [];
          return encoded;
        },
      },
      statistics: () => ({ pages: sent }),
    };
  },

  atDestination: (memory) => ({
    decoder: {
      open: ({ pages, data }) => {
        if (data.length !== pages.length * uniformPatternBytes)
          throw new LivemigError(
            'PROTOCOL_VIOLATION',
            `expected ${uniformPatternBytes} bytes for each of ${pages.length} uniform pages, got ${data.length}`,
          );
        return (index) => {
          memory.fillUniform(pages[index]!, data, index * uniformPatternBytes);
        };
      },
    },
  }),
});

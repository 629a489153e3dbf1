import { defineReadPattern } from '../read-pattern.ts';

/** Pages from one read to the next: a column of a matrix whose rows are 64 KiB. */
const stridePages = 16;

export default defineReadPattern({
  name: 'strided',
  help: `every ${stridePages}th page, column by column, repeatedly`,
  parameters: {},
  next: ({ slice, registers }) => {
    const position = registers[0] ?? 0;
    const next = position + stridePages;
    // At the end of a column the next one begins.
    registers[0] = next < slice.pages ? next : ((position % stridePages) + 1) % stridePages;
    return Math.min(position, slice.pages - 1);
  },
});

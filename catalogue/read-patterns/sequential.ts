import { defineReadPattern } from '../read-pattern.ts';

export default defineReadPattern({
  name: 'sequential',
  help: 'page by page, repeatedly',
  parameters: {},
  next: ({ slice, registers }) => {
    const position = registers[0] ?? 0;
    registers[0] = position + 1 >= slice.pages ? 0 : position + 1;
    return position;
  },
});

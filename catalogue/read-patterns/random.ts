import { defineReadPattern } from '../read-pattern.ts';

export default defineReadPattern({
  name: 'random',
  help: 'uniformly at random',
  parameters: {},
  next: ({ slice }, random) => random() % slice.pages,
});

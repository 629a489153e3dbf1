import { defineReadPattern } from '../read-pattern.ts';
import { hotPage, hotPart } from '../workloads/parts/hot-part.ts';

export default defineReadPattern({
  name: 'hot-set',
  help: 'at random, mostly in a small hot part, like the writes of hotspot',
  parameters: hotPart,
  next: ({ slice }, random, parameters) => hotPage(slice.pages, parameters, random),
});

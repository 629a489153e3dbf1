import { defineContent } from '../content.ts';
import { fillUniform, isUniform } from './parts/uniform.ts';

export default defineContent({
  name: 'uniform',
  help: 'the header, repeated',
  body: () => ({ write: fillUniform, matches: isUniform }),
});

// Jest's transformer: what Node 24 does when it runs a .ts file itself, so that tests run the very same code.
import { stripTypeScriptTypes } from 'node:module';

/** Positions stay (types become blanks), so stack traces need no source map. */
const transformer = { process: (source) => ({ code: stripTypeScriptTypes(source) }) };

export default transformer;

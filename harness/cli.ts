/** The livemig command. Only this file and harness/cli/ parse argv, print and exit. */
import { enableCompileCache } from 'node:module';
import { compileCacheDirectory } from './compile-cache.ts';
import { provideOwnPackage } from './cli/own-package.ts';

// Before what it is to hold is imported.
enableCompileCache(compileCacheDirectory());
provideOwnPackage();
const { main } = await import('./cli/main.ts');

process.exit(await main(process.argv.slice(2)));

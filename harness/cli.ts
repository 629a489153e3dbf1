/** The livemig command. This file and harness/cli/ alone parse argv, print and exit. */
import { main } from './cli/main.ts';

process.exit(await main(process.argv.slice(2)));

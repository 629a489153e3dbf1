/**
 * `npm run bench`: measures livemig's own figures, as ratios or differences against a peer in the same run.
 * usage: npm run bench -- [goodput] [faults] [downtime] [downtime-parts] [startup] [warm] [simulation]
 *                         [kill-matrix] [capabilities[/NAME]] [--driver netns|docker]
 * Without names: all but the capabilities, which take over an hour, and the kill matrix, which takes half an hour.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { messageOf } from '#proto/errors';
import type { Benchmark, Figure } from './bench.ts';
import { reaches } from './bench.ts';
import { capabilities } from './capabilities/index.ts';
import { downtime, downtimeParts } from './downtime.ts';
import { faults } from './faults.ts';
import { goodput } from './goodput.ts';
import { killMatrix } from './kill-matrix/index.ts';
import { simulation } from './simulation.ts';
import { startup } from './startup.ts';
import { warm } from './warm.ts';
import { timestamp } from '#harness/timestamp';

const usual: readonly Benchmark[] = [goodput, faults, downtime, downtimeParts, startup, warm, simulation];
const benchmarks: readonly Benchmark[] = [...usual, killMatrix, ...capabilities];

const isAsked = (asked: string, { name }: Benchmark): boolean =>
  name === asked || name.startsWith(`${asked}/`);

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { driver: { type: 'string', default: 'netns' } },
});
const unknown = positionals.filter((asked) => !benchmarks.some((benchmark) => isAsked(asked, benchmark)));
if (unknown.length > 0) {
  const known = benchmarks.map(({ name, about }) => `  ${name}: ${about}`).join('\n');
  process.stderr.write(`no such benchmark: ${unknown.join(', ')}; there are\n${known}\n`);
  process.exit(2);
}

const line = (figure: Figure): string => {
  const { target } = figure;
  const wanted =
    target === null
      ? ''
      : ` (to reach: ${'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`})`;
  const verdict = target === null ? 'is     ' : reaches(figure) ? 'reached' : 'MISSED ';
  const value = `${figure.value.toFixed(figure.unit === '' ? 3 : 1)} ${figure.unit}`.trim();
  return `${verdict}  ${figure.name}: ${value}${wanted}\n         ${figure.from}`;
};

mkdirSync('results', { recursive: true });
const figures: Figure[] = [];
let failures = 0;
const chosen =
  positionals.length === 0
    ? usual
    : benchmarks.filter((benchmark) => positionals.some((asked) => isAsked(asked, benchmark)));
for (const benchmark of chosen) {
  process.stdout.write(`${benchmark.name}: ${benchmark.about}\n`);
  try {
    for (const figure of await benchmark.run(values.driver)) {
      figures.push(figure);
      process.stdout.write(`${line(figure)}\n`);
    }
  } catch (error) {
    failures++;
    process.stdout.write(`not measured: ${messageOf(error)}\n`);
  }
}
const at = timestamp();
const file = `results/bench-${values.driver}-${at.replaceAll(':', '')}.json`;
const machine = { cpus: cpus().length, model: cpus()[0]?.model, kernel: release(), node: process.version };
writeFileSync(file, `${JSON.stringify({ at, driver: values.driver, machine, figures }, null, 2)}\n`);
process.stdout.write(`${file}\n`);
process.exit(failures === 0 ? 0 : 1);

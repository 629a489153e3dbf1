/**
 * `npm run bench`: measures livemig's own figures, as ratios or differences against a peer in the same run.
 * usage: npm run bench -- [goodput] [faults] [downtime] [startup] [--driver netns|docker]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { messageOf } from '../proto/errors.ts';
import type { Benchmark, Figure } from './bench.ts';
import { reaches } from './bench.ts';
import { downtime } from './downtime.ts';
import { faults } from './faults.ts';
import { goodput } from './goodput.ts';
import { startup } from './startup.ts';

const benchmarks: readonly Benchmark[] = [goodput, faults, downtime, startup];

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { driver: { type: 'string', default: 'netns' } },
});
const unknown = positionals.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) {
  const known = benchmarks.map(({ name, about }) => `  ${name}: ${about}`).join('\n');
  process.stderr.write(`no such benchmark: ${unknown.join(', ')}; there are\n${known}\n`);
  process.exit(2);
}

const line = (figure: Figure): string => {
  const { target } = figure;
  const wanted = 'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
  const value = `${figure.value.toFixed(figure.unit === '' ? 3 : 1)} ${figure.unit}`.trim();
  return `${reaches(figure) ? 'reached' : 'MISSED '}  ${figure.name}: ${value} (to reach: ${wanted})\n         ${figure.from}`;
};

const figures: Figure[] = [];
let failures = 0;
for (const benchmark of benchmarks) {
  if (positionals.length > 0 && !positionals.includes(benchmark.name)) continue;
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
mkdirSync('results', { recursive: true });
const at = new Date().toISOString();
const file = `results/bench-${values.driver}-${at.replaceAll(':', '')}.json`;
const machine = { cpus: cpus().length, model: cpus()[0]?.model, kernel: release(), node: process.version };
writeFileSync(file, `${JSON.stringify({ at, driver: values.driver, machine, figures }, null, 2)}\n`);
process.stdout.write(`${file}\n`);
process.exit(failures === 0 ? 0 : 1);

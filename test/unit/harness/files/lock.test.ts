import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { takeLockFile } from '#harness/files/lock';

const script = fileURLToPath(new URL('../../../support/lock-taker.ts', import.meta.url));

class Taker {
  readonly child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(file: string) {
    this.child = spawn(process.execPath, [script, file], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = createInterface(this.child.stdout!)[Symbol.asyncIterator]();
  }

  async said(): Promise<string> {
    return String((await this.#answers.next()).value);
  }

  async ask(order: 'take' | 'drop'): Promise<string> {
    this.child.stdin!.write(`${order}\n`);
    return this.said();
  }

  async kill(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}

let directory: string;
let takers: Taker[] = [];
const taker = async (file: string): Promise<Taker> => {
  const made = new Taker(file);
  takers.push(made);
  expect(await made.said()).toBe('ready');
  return made;
};
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'livemig-lock-'));
});
afterEach(async () => {
  for (const { child } of takers) if (child.exitCode === null) child.kill('SIGKILL');
  takers = [];
  rmSync(directory, { recursive: true });
});

test('has one owner however many race for it, even after its last owner was killed', async () => {
  const file = join(directory, 'lock');
  writeFileSync(file, '{"pid":1,"startTime":"1"}');
  let racers = await Promise.all([1, 2, 3, 4].map(() => taker(file)));
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(racers.map((racer) => racer.ask('take')));
    expect(answers.toSorted()).toEqual(['held', 'held', 'held', 'taken']);
    const owner = racers[answers.indexOf('taken')]!;
    if (round === 1) {
      // Let go in order: gone, and free.
      expect(await owner.ask('drop')).toBe('dropped');
      expect(existsSync(file)).toBe(false);
      continue;
    }
    expect(takeLockFile(file, 'us')).toEqual({ holder: String(owner.child.pid) });
    await owner.kill();
    expect(existsSync(file)).toBe(true);
    racers = [...racers.filter((racer) => racer !== owner), await taker(file)];
  }
});

test('two files have an owner each (negative control)', async () => {
  const racers = await Promise.all(['a', 'b'].map((name) => taker(join(directory, name))));
  expect(await Promise.all(racers.map((racer) => racer.ask('take')))).toEqual(['taken', 'taken']);
});

test('a process that takes it twice has it once', () => {
  const file = join(directory, 'lock');
  const first = takeLockFile(file, 'first');
  expect(takeLockFile(file, 'second')).toEqual({ holder: 'first' });
  (first as Disposable)[Symbol.dispose]();
  expect('holder' in takeLockFile(file, 'third')).toBe(false);
});

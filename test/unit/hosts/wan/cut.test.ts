import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { cutBetween } from '#hosts/wan/cut';

describe('a cut', () => {
  const { PATH } = env;
  let directory: string;
  /** What `ip` was called with, a line each. */
  const calls = (): string[] => readFileSync(join(directory, 'calls'), 'utf8').trim().split('\n');

  /** An `ip` that fails where its arguments match. */
  const provideIp = (failsAt: string): void => {
    const script = `#!/bin/sh\necho "$*" >> ${directory}/calls\ncase "$*" in ${failsAt}) echo no >&2; exit 2;; esac\n`;
    writeFileSync(join(directory, 'ip'), script);
    chmodSync(join(directory, 'ip'), 0o755);
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'livemig-test-'));
    env['PATH'] = `${directory}:${PATH}`;
  });
  afterEach(() => {
    env['PATH'] = PATH;
    rmSync(directory, { recursive: true });
  });

  const cut = (told: string[]): Promise<void> =>
    cutBetween(['10.0.0.1', '10.0.0.2'], 1, ({ type }) => told.push(type), new AbortController().signal);

  test('is made and undone in both directions', async () => {
    provideIp('nothing');
    const told: string[] = [];
    await cut(told);
    expect(told).toEqual(['cut', 'cut-ended']);
    expect(calls().filter((call) => call.includes('rule add'))).toHaveLength(2);
    expect(calls().filter((call) => call.includes('rule del'))).toHaveLength(2);
  });

  test('that cannot be undone in one direction is undone in the other, reported as ended, and then as an error', async () => {
    provideIp('*"rule del"*"from 10.0.0.1 "*');
    const told: string[] = [];
    await expect(cut(told)).rejects.toMatchObject({ code: 'LINK_NOT_APPLIED' });
    expect(told).toEqual(['cut', 'cut-ended']);
    expect(calls().filter((call) => call.includes('rule del'))).toHaveLength(2);
  });

  test('that fails in one direction leaves neither cut', async () => {
    provideIp('*"rule add"*"from 10.0.0.2 "*');
    const told: string[] = [];
    await expect(cut(told)).rejects.toMatchObject({ code: 'LINK_NOT_APPLIED' });
    expect(told).toEqual([]);
    expect(calls().at(-1)).toMatch(/rule del .*from 10\.0\.0\.1 /);
  });
});

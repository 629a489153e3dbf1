import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ensureHostTools } from '#harness/doctor/host-tools';

describe('ensureHostTools', () => {
  const { PATH: path, LIVEMIG_INSTALL: install } = process.env;
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'livemig-test-'));
    process.env['LIVEMIG_INSTALL'] = 'none';
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
    process.env['PATH'] = path;
    if (install === undefined) delete process.env['LIVEMIG_INSTALL'];
    else process.env['LIVEMIG_INSTALL'] = install;
  });

  const program = (name: string, mode: number): void => {
    writeFileSync(join(directory, name), '#!/bin/sh\n');
    chmodSync(join(directory, name), mode);
  };

  test('says nothing if everything is installed', async () => {
    const said: string[] = [];
    process.env['PATH'] = directory;
    program('docker-compose', 0o755);
    const report = await ensureHostTools(['docker-compose'], (line) => said.push(line));
    expect(report).toEqual({ missing: [], reason: '' });
    expect(said).toEqual([]);
  });

  test('installs nothing if that is forbidden, and says what to do', async () => {
    const said: string[] = [];
    process.env['PATH'] = directory;
    program('busybox', 0o644);
    const report = await ensureHostTools(['docker-compose', 'busybox'], (line) => said.push(line));
    expect(report.missing).toEqual(['docker-compose', 'busybox']);
    expect(report.reason).toContain('LIVEMIG_INSTALL=none');
    expect(report.reason).toContain('apt-get install docker-compose busybox-static');
    expect(said).toEqual([]);
  });
});

import { describe, expect, test } from '@jest/globals';
import { diskCounters, noneCounted, sourceCounters } from '#catalogue/counters';
import { statusBlock, statusDocument, statusLine } from '#harness/report/status';
import type { MigrationInfo } from '#proto/control';
import { noMigration } from '#proto/control';

const of = { run: 'a-run', pid: 4711, name: 'start' };
const info: MigrationInfo = {
  status: 'active',
  totalTimeMs: 12_345,
  setupTimeMs: 43,
  downtimeMs: null,
  expectedDowntimeMs: 512.5,
  mbps: 940.2,
  dirtyPagesRate: 40_000,
  remainingBytes: 64 * 1024 ** 2,
  ram: { ...noneCounted(sourceCounters), total: 1024 ** 3, transferred: 1.5 * 1024 ** 3, dirtySyncCount: 7 },
};
const withDisk = {
  ...info,
  disk: { ...noneCounted(diskCounters), transferred: 1024 ** 2 },
  diskRemainingBytes: 3 * 1024 ** 2,
};

describe('the document of a status', () => {
  test('has the names of query-migrate, what is left beside the counters', () => {
    expect(statusDocument(of, info)).toMatchObject({
      ...of,
      status: 'active',
      totalTimeMs: 12_345,
      downtimeMs: null,
      expectedDowntimeMs: 512.5,
      ram: { remaining: 64 * 1024 ** 2, total: 1024 ** 3, mbps: 940.2, dirtyPagesRate: 40_000 },
    });
    expect(statusDocument(of, info)).not.toHaveProperty('disk');
    expect(statusDocument(of, withDisk)).toMatchObject({ disk: { remaining: 3 * 1024 ** 2 } });
  });

  test('invents nothing before there is a migration', () => {
    const { ram, status, run, pid, name, ...times } = statusDocument(of, noMigration);
    expect({ ram, status, run, pid, name }).toEqual({ ...of, ram: null, status: 'none' });
    expect(new Set(Object.values(times))).toEqual(new Set([null]));
  });
});

describe('a status for people', () => {
  test.each([info, withDisk, noMigration])('is aligned, and fits 40 columns', (shown) => {
    const [title, ...rows] = statusBlock(of, shown, 40);
    expect(title).toBe('4711 (start)');
    for (const row of rows) {
      expect(row.length).toBeLessThanOrEqual(40);
      expect(row).not.toContain('…');
      // Names and values stand in two columns.
      expect(row).toMatch(/^ {2}\S.{16} {2}\S/);
    }
  });

  test('says what is not known', () => {
    const text = statusBlock(of, noMigration, 80).join('\n');
    expect(text).toMatch(/remaining +–\n/);
    expect(text).not.toMatch(/\d+ (ms|MiB|B)\b/);
  });

  test('cuts what is too long for the terminal', () => {
    for (const line of statusBlock(of, info, 20)) expect(line.length).toBeLessThanOrEqual(20);
  });

  test('in one line has what changes', () => {
    expect(statusLine(info)).toBe(
      '  12.3 s  active            64 MiB left  940 Mb/s  dirty 40,000 pages/s  downtime ~513 ms',
    );
    expect(statusLine(noMigration)).toBe('       –  none              – left');
  });
});

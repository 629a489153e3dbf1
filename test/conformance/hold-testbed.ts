/**
 * A harness to be killed: brings a testbed up, says so, and holds it until its own end.
 * usage: node hold-testbed.ts MODULE-URL EXPORTED-DRIVER
 */
import type { TestbedDriver } from '../../harness/testbed/testbed.ts';

const [moduleUrl, name] = process.argv.slice(2) as [string, string];
const exported = (await import(moduleUrl)) as Record<string, TestbedDriver>;
await exported[name]!.up({ tcpBufferMaxBytes: 32 << 20 });
console.log('up');
setInterval(() => undefined, 60_000);

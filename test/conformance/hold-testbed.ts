/**
 * A harness to be killed: brings a testbed up, says so, and holds it until its own end.
 * With `dispose` it takes the testbed down instead, and has nothing left to do.
 * usage: node hold-testbed.ts MODULE-URL EXPORTED-DRIVER [dispose]
 */
import type { TestbedDriver } from '#harness/testbed/testbed';

const [moduleUrl, name, end] = process.argv.slice(2) as [string, string, string?];
const exported = (await import(moduleUrl)) as Record<string, TestbedDriver>;
const testbed = await exported[name]!.up({ tcpBufferMaxBytes: 32 << 20 });
if (end === 'dispose') await testbed[Symbol.asyncDispose]();
else {
  console.log('up');
  setInterval(() => undefined, 60_000);
}

import type { Testbed } from '#harness/testbed/testbed';
import { LivemigError } from '#proto/errors';

interface Iperf3Report {
  error?: string;
  end?: { sum_received?: { bits_per_second: number } };
}

/**
 * Goodput of iperf3 from source to destination in Mb/s, slow start included as it is in a migration of as many bytes.
 * @throws LivemigError UNSUPPORTED if the hosts have no iperf3.
 */
export const iperf3 = async (testbed: Testbed, bytes: number): Promise<number> => {
  const { address } = testbed.topology.destination;
  const server = testbed.exec('destination', ['iperf3', '-s', '-1', '-B', address], {
    timeoutMs: 120_000,
  });
  try {
    for (let attempt = 1; ; attempt++) {
      const client = await testbed.exec('source', ['iperf3', '-J', '-n', String(bytes), '-c', address], {
        timeoutMs: 110_000,
      });
      const report = JSON.parse(
        client.stdout === '' ? '{"error":"no output"}' : client.stdout,
      ) as Iperf3Report;
      const received = report.end?.sum_received?.bits_per_second;
      if (received !== undefined && report.error === undefined) return received / 1e6;
      // The server may not listen yet.
      if (attempt < 10 && report.error?.includes('unable to connect') === true)
        await new Promise((resolve) => setTimeout(resolve, 200));
      else
        throw new LivemigError(
          'UNSUPPORTED',
          `iperf3 failed: ${report.error ?? client.stderr}; its Debian package is iperf3`,
        );
    }
  } finally {
    await server.catch(() => undefined);
  }
};

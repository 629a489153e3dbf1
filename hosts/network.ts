import { readFile } from 'node:fs/promises';
import type { NetworkConfig, NetworkState } from '#proto/control';
import { command } from './command.ts';

const sysctl = async (name: string): Promise<string> =>
  (await readFile(`/proc/sys/net/ipv4/${name}`, 'utf8').catch(() => 'unreadable'))
    .trim()
    .replaceAll('\t', ' ');

/** One process for all of it: a run waits for it, and a process takes longer to start than what it does here. */
const ip = (orders: readonly (readonly string[])[]): Promise<string> => {
  const lines = orders.map((words) => words.join(' '));
  return command(['ip', '-4', '-batch', '-'], {
    input: lines.map((line) => `${line}\n`).join(''),
    // It says which line it ends with, not what it is.
    explained: (stderr) =>
      stderr.replace(/ -:(\d+)$/, (all, line: string) => `${all}: ${lines[Number(line) - 1] ?? ''}`),
  });
};

/**
 * Sets this host's routes over the shaped network and reads them back. Congestion control is an attribute of the
 * route: containers may not write the sysctl, and a route binds accepted connections as well.
 */
export const configureNetwork = async (config: NetworkConfig): Promise<NetworkState> => {
  // By the route, as a device has other routes as well; and a smaller packet that somebody else asks for is still found.
  const mtuOf = (target: string): string[] =>
    config.narrow?.to.includes(target) === true ? ['mtu', String(config.narrow.mtuBytes)] : [];
  const shown = await ip([
    ...config.reach.map((target) => [
      'route', 'replace', `${target}/32`, 'via', config.gateway, 'src', config.address,
      ...mtuOf(target), 'congctl', config.congestionControl,
    ]),
    ...(config.guestAddress === null ? [] : [['address', 'replace', `${config.guestAddress}/32`, 'dev', 'lo']]),
    ['route', 'show'],
  ]); // prettier-ignore
  const routes = shown.trim().split('\n');
  return {
    routes: routes.map((line) => line.trim()),
    congestionControl: /congctl (\S+)/.exec(routes.join())?.[1] ?? "the kernel's default",
    tcpRmem: await sysctl('tcp_rmem'),
    tcpWmem: await sysctl('tcp_wmem'),
  };
};

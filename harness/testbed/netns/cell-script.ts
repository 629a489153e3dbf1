import type { AgentRole } from '#proto/control';
import type { HostAddress, TestbedOptions, Topology } from '../testbed.ts';
import { rolesOf } from '../testbed.ts';
import { hostInterface } from './layout.ts';

/** What the cell's init prints once the network stands, followed by its process id outside the cell. */
export const readyWord = 'livemig-cell-ready';
/** A line on the init's standard input that makes it send SIGTERM to everything else in the cell. */
export const terminateWord = 'terminate';

type SiteRole = Exclude<AgentRole, 'wan'>;

/** The hosts around the router, one link each. */
const sitesOf = (topology: Topology): { site: SiteRole; place: HostAddress }[] =>
  rolesOf(topology).flatMap((site) => {
    const place = site === 'wan' ? undefined : topology[site];
    return site === 'wan' || place === undefined ? [] : [{ site, place }];
  });

const ownLinks = (role: AgentRole, topology: Topology): { name: string; address: string }[] =>
  role === 'wan'
    ? sitesOf(topology).map(({ site, place }) => ({ name: site, address: place.gateway }))
    : sitesOf(topology)
        .filter(({ site }) => site === role)
        .map(({ place }) => ({ name: hostInterface, address: place.address }));

/** Those that send in bulk, maybe over a long link. */
const inBulk: readonly AgentRole[] = ['source', 'destination', 'storage'];

/**
 * Settings under /proc/sys/net of one host. `conf/*` is a shell pattern: every interface that is there.
 * tcp_rmem and tcp_wmem keep the kernel's minimum and default; their maximum bounds the window that autotuning reaches.
 */
const sysctlsOf = (
  role: AgentRole,
  { tcpBufferMaxBytes }: TestbedOptions,
): [path: string, value: string][] => [
  // Neighbour discovery and router solicitations would count as traffic of the link.
  ['ipv6/conf/*/disable_ipv6', '1'],
  ['ipv4/conf/*/rp_filter', '0'],
  ['ipv4/conf/*/accept_redirects', '0'],
  ['ipv4/conf/*/send_redirects', '0'],
  ...(role === 'wan' ? [['ipv4/ip_forward', '1'] as [string, string]] : []),
  ...(inBulk.includes(role)
    ? ([
        ['ipv4/tcp_rmem', `4096 131072 ${tcpBufferMaxBytes}`],
        ['ipv4/tcp_wmem', `4096 16384 ${tcpBufferMaxBytes}`],
        // A migration's pauses and earlier runs must not change how its connections start.
        ['ipv4/tcp_slow_start_after_idle', '0'],
        ['ipv4/tcp_no_metrics_save', '1'],
      ] as [string, string][])
    : []),
];

const setUpHost = (role: AgentRole, topology: Topology, options: TestbedOptions): string => {
  const batch = [
    'link set lo up',
    ...ownLinks(role, topology).flatMap(({ name, address }) => [
      `address add ${address}/30 dev ${name}`,
      `link set ${name} up`,
    ]),
  ];
  const writes = sysctlsOf(role, options).map(
    ([path, value]) =>
      `for f in /proc/sys/net/${path}; do ` +
      `[ ! -e "$f" ] || echo ${value} >"$f" || { echo "${role}: the kernel refused ${value} for $f" >&2; exit 1; }; done`,
  );
  return [
    `ip netns exec ${role} sh -eu <<'HOST'`,
    ...writes,
    "ip -batch - <<'BATCH'",
    ...batch,
    'BATCH',
    'HOST',
  ].join('\n');
};

/**
 * The two ends of a link get different interface indexes on purpose: where they are the same (each the first of its
 * namespace), the kernel takes a veth for a device without a peer and tells of its carrier up to a second late
 * (linkwatch_urgent_event in net/core/link_watch.c); until then it counts as not running and Node doesn't list it.
 */
const linkTo = (site: SiteRole, nth: number): string =>
  `link add ${hostInterface} index 10 netns ${site} type veth peer name ${site} index ${20 + nth} netns wan`;

/**
 * The shell script that is process 1 of a cell. It builds the network, says `ready`, and then lives as long as its
 * standard input: at its end, however that came, it removes `$1` and exits, and the kernel ends the rest of the cell.
 */
export const cellScript = (topology: Topology, options: TestbedOptions): string =>
  [
    'set -eu',
    'export LC_ALL=C',
    // The old /proc still shows this process under its id outside; /proc/PID/task/TID/children isn't in every kernel.
    'read -r outer rest </proc/self/stat',
    'mount -t proc proc /proc',
    // A /run of its own: names of network namespaces and xtables.lock collide with nobody's and end with the cell.
    'mount -t tmpfs -o mode=755 livemig /run',
    'mkdir /run/netns /run/lock',
    "ip -batch - <<'BATCH'",
    ...rolesOf(topology).map((role) => `netns add ${role}`),
    ...sitesOf(topology).map(({ site }, nth) => linkTo(site, nth)),
    'BATCH',
    ...rolesOf(topology).map((role) => setUpHost(role, topology, options)),
    `echo ${readyWord} "$outer"`,
    `while read -r line; do case $line in ${terminateWord}) kill -s TERM -- -1 || : ;; esac; done`,
    'rm -rf -- "$1"',
    '',
  ].join('\n');

#!/bin/sh
# Hosts of your own for driver attach: four network namespaces in a row, each with its agent. As root:
#
#   sh hosts.sh up      makes them, and writes LIVEMIG_ATTACH's file
#   sh hosts.sh down    removes them
#
# Put your own machines' equivalents in place of `ip netns`: whatever has a Linux network stack, and this kernel's clock.
set -eu

directory=${LIVEMIG_HOSTS:-/run/livemig-hosts}
root=$(dirname "$(readlink -f "$0")")/../..
node=node
[ ! -x "$root/node_modules/node/bin/node" ] || node=$root/node_modules/node/bin/node
agent=$root/hosts/agent.js
[ -e "$agent" ] || agent=$root/hosts/agent.ts

sites='source destination observer'

inside() { ip netns exec "livemig-$1" "$2" "$3" "$4"; }

# The router forwards; windows may grow to three bandwidth-delay products of 10 Gb/s at 52.5 ms.
settings='
for file in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 >"$file"; done
for file in /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/ipv4/conf/*/send_redirects; do echo 0 >"$file"; done
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 4096 131072 200000000 >/proc/sys/net/ipv4/tcp_rmem
echo 4096 16384 200000000 >/proc/sys/net/ipv4/tcp_wmem
echo 0 >/proc/sys/net/ipv4/tcp_slow_start_after_idle
echo 1 >/proc/sys/net/ipv4/tcp_no_metrics_save
ip link set lo up
'

up() {
  mkdir -m 700 "$directory"
  for host in wan $sites; do
    ip netns add "livemig-$host"
    inside "$host" sh -euc "$settings"
  done
  nth=0
  for site in $sites; do
    nth=$((nth + 1))
    # Different indexes at both ends: with the same one, the kernel tells of the carrier up to a second late.
    ip link add wan0 index 10 netns "livemig-$site" type veth peer name "$site" index $((20 + nth)) netns livemig-wan
    ip -n "livemig-$site" address add "10.98.$nth.2/30" dev wan0
    ip -n "livemig-$site" link set wan0 up
    ip -n livemig-wan address add "10.98.$nth.1/30" dev "$site"
    ip -n livemig-wan link set "$site" up
  done
  for host in wan $sites; do
    ip netns exec "livemig-$host" \
      sh "$root/hosts/agent.sh" "$node" "$agent" "$host" "unix:$directory/$host.sock" >"$directory/$host.log" 2>&1 &
    echo $! >"$directory/$host.pid"
  done
  cat >"$directory/hosts.json" <<JSON
{
  "agents": {
    "source": "unix:$directory/source.sock",
    "destination": "unix:$directory/destination.sock",
    "wan": "unix:$directory/wan.sock",
    "observer": "unix:$directory/observer.sock"
  },
  "topology": {
    "source": { "address": "10.98.1.2", "gateway": "10.98.1.1" },
    "destination": { "address": "10.98.2.2", "gateway": "10.98.2.1" },
    "observer": { "address": "10.98.3.2", "gateway": "10.98.3.1" },
    "guestAddress": "10.98.200.1",
    "router": {
      "towardsSource": "10.98.1.1",
      "towardsDestination": "10.98.2.1",
      "towardsObserver": "10.98.3.1"
    }
  }
}
JSON
  echo "LIVEMIG_ATTACH=$directory/hosts.json"
}

down() {
  for host in wan $sites; do
    [ ! -e "$directory/$host.pid" ] || kill "$(cat "$directory/$host.pid")" 2>/dev/null || :
    ip netns delete "livemig-$host" 2>/dev/null || :
  done
  rm -rf "$directory"
}

case ${1:-} in
up)
  # What a failed start has made is removed again.
  trap down EXIT
  up
  trap - EXIT
  ;;
down) down ;;
*)
  echo 'usage: hosts.sh up|down' >&2
  exit 2
  ;;
esac

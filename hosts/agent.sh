#!/bin/sh
# Starts an agent with memory settings for a program that moves gigabytes through buffers.
# usage: agent.sh NODE AGENT.TS ROLE LISTEN
#
# V8 by default starts a full collection for every 32–64 MiB of buffers that pass through, a hundred per GiB moved.
# Counted within a heap limit that starts at 96 MiB, they don't trigger that. With a young generation of 1 MiB, V8 frees
# spent buffers while they are still in the cache. That halves the CPU time per page.
# glibc maps and unmaps every large buffer, and each fresh page costs a fault; buffers kept on its heap avoid that.
export MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=1073741824 MALLOC_TOP_PAD_=67108864 MALLOC_ARENA_MAX=2
node=$1
shift
exec "$node" --disable-warning=ExperimentalWarning \
  --external-memory-accounted-in-global-limit --initial-old-space-size=96 --max-semi-space-size=1 "$@"

#!/bin/sh
# Process 1 inside user-mode Linux; boot.ts passes LIVEMIG_JOB and LIVEMIG_NODE_CACHE, directories of the machine
# outside, the latter maybe empty. The machine's root is mounted read-only; what has to be written goes to tmpfs, and to
# these directories.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
[ -d /dev/shm ] || mkdir /dev/shm
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mkdir /run/netns /run/job
# Not /tmp and /run: the project may lie under the one, and testbeds of the netns driver hide the other.
export TMPDIR=/dev/shm HOME=/dev/shm
mount -t hostfs -o "$LIVEMIG_JOB" job /run/job
if [ -n "$LIVEMIG_NODE_CACHE" ]; then
  export NODE_COMPILE_CACHE=/dev/shm/node-cache
  mkdir $NODE_COMPILE_CACHE
  mount -t hostfs -o "$LIVEMIG_NODE_CACHE" node-cache $NODE_COMPILE_CACHE
fi
while read -r module; do
  busybox insmod "$module" || echo "livemig: can't insert $module"
done </run/job/modules
ip link set lo up
# Through a pipe: the console is a terminal, on which programs draw.
{
  sh /run/job/command
  echo $? >/run/job/status
} 2>&1 </dev/null | cat
busybox poweroff -f

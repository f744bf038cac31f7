#!/bin/sh
# Ends the node whose state is in directory $1 and removes that directory. The node's processes live in a PID namespace:
# with the first of them, $1/pause, the kernel ends all, and with these go their mounts, addresses and routes.
set -u
state=$1

runs() {
  case $(sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2>/dev/null) in '' | Z | X) return 1 ;; esac
}

# Up to 30 s until what is named by the arguments is true.
await() {
  left=300
  until "$@" 2>/dev/null; do
    left=$((left - 1))
    [ $left -gt 0 ] || return 1
    sleep 0.1
  done
}

has_ended() { ! runs "$1"; }
is_removed() { [ ! -d "$1" ] || find "$1" -depth -type d -exec rmdir {} + || [ ! -d "$1" ]; }

for exe in $(find /proc/[0-9]*/exe -maxdepth 0 -lname "$state/pause" 2>/dev/null); do
  pid=${exe#/proc/}
  pid=${pid%/exe}
  kill -s KILL "$pid"
  await has_ended "$pid" || { echo "Process $pid does not end." >&2; exit 1; }
done

# What the node has made outside of its namespaces.
made() { cat "$state/$1" 2>/dev/null; }

for cgroup in $(made cgroups); do
  await is_removed "$cgroup" || { echo "$cgroup is still in use." >&2; exit 1; }
done
for directory in $(made mountpoints); do
  rmdir "$directory"
done
if grep -q " $state/" /proc/self/mountinfo; then
  echo "Something is mounted under $state." >&2
  exit 1
fi
rm -rf "$state"

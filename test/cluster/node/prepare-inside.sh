#!/bin/sh
# Makes mounts and network of a node's namespaces ready, from the inside: $1 is the directory of its state, $2 its
# address with the length of the prefix, $3 its end of the link, $4 the range of services.
set -eu
state=$1 address=$2 link=$3 services=$4

mount --make-rshared /
# What others of this name on the machine have is hidden; what is made here stays in the node's own directory.
for path in /var/lib/kubelet /var/lib/cni /var/log; do
  [ -d "$path" ] || { mkdir "$path" && echo "$path" >>"$state/mountpoints"; }
  own=$state/root$path
  mkdir -p "$own"
  mount --bind "$own" "$path"
done
mount --make-rshared /var/lib/kubelet
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/lock

# The kubelet wants these values and would set them for the whole machine: it is shown what it wants.
mkdir -p "$state/sysctl"
for setting in vm/overcommit_memory=1 kernel/panic=10 kernel/panic_on_oops=1; do
  file=$state/sysctl/$(basename "${setting%=*}")
  echo "${setting#*=}" >"$file"
  mount --bind "$file" "/proc/sys/${setting%=*}"
done
echo 1 >/proc/sys/net/ipv4/ip_forward
if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then
  echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
fi

ip link set lo up
ip address add "$address" dev "$link"
ip link set "$link" up
# No default route: nothing leaves the machine.
ip route add "$services" dev "$link"

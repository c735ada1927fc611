#!/bin/sh
# Starts a private engine in namespaces of its own; called below `unshare --mount --pid --fork`.
# usage: enter.sh ROOT STATE SHARED REGISTRY_PORT EPHEMERAL_PORTS HOST PUBLISHED_PORTS FLAVOUR
#
# The mount namespace has ROOT as its root (a chroot will not do: runc wants to pivot), STATE at /engine, and the
# host's /tmp and SHARED under their own names, for bind mounts of tests. The network namespace reaches the world
# through pasta, in user space: nothing of the host's bridges, routes or firewall is touched, what listens in it is
# found on the host's 127.0.0.1, and what listens there is found at HOST, also by containers. All ends with process 1 of the PID namespace, whose host number goes to STATE/pid.
set -eu
root=$1 state=$2 shared=$3 registry_port=$4 ephemeral_ports=$5 host=$6 published_ports=$7 flavour=$8

# /proc is still the host's, so this is the number and the start time that the host knows.
read -r stat < /proc/self/stat
set -- ${stat##*) }
shift 19
start=$1
echo "${stat%% *} $start" > "$state/pid.new"
mv "$state/pid.new" "$state/pid"

mkdir -p "$root$shared"
mount --bind "$root" "$root"
mount --bind "$state" "$root/engine"
mount --rbind /tmp "$root/tmp"
mount --bind "$shared" "$root$shared"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
for dir in run opt root; do
  mount -t tmpfs tmpfs "$root/$dir"
done
cp -L /etc/resolv.conf "$root/run/resolv.conf"
mount --bind "$root/run/resolv.conf" "$root/etc/resolv.conf"
# The cached root must outlive whatever an engine does.
mount -o remount,bind,ro "$root"

mkdir "$root/run/old" "$root/run/netns"
cd "$root"
pivot_root . run/old
cd /
umount -l /run/old

# A container-like machine may come without the device.
if [ ! -e /dev/net/tun ]; then
  mkdir -p /dev/net
  mknod /dev/net/tun c 10 200
fi

: > /run/netns/engine
unshare --net=/run/netns/engine true
# Published ports that the engine picks must not meet those of another engine on the host.
nsenter --net=/run/netns/engine sh -c "echo $ephemeral_ports > /proc/sys/net/ipv4/ip_local_port_range"
# Addresses of pasta's own making (for benchmarks, by RFC 2544), since the host's could be those of the engine's bridge.
# IPv4 only: with IPv6 the registry would seem to listen on ::1 too. pasta still reads the host's resolv.conf.
pasta --quiet --ipv4-only --config-net --address 198.18.53.2 --netmask 255.255.255.252 --gateway 198.18.53.1 \
  --runas 0 --no-map-gw --map-host-loopback "$host" --host-lo-to-ns-lo --dns-forward 169.254.53.53 --tcp-ports "$published_ports" \
  --udp-ports none --tcp-ns "$registry_port" --udp-ns none --netns /run/netns/engine
echo nameserver 169.254.53.53 > /run/resolv.conf

# `container` keeps the daemon from loading AppArmor profiles into the host's kernel.
export container=layerset HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin
unset LC_ALL
if [ "$flavour" = rootless ]; then
  exec tini-static -- nsenter --net=/run/netns/engine sh /engine/rootless.sh
fi
exec tini-static -- nsenter --net=/run/netns/engine dockerd --config-file /engine/daemon.json

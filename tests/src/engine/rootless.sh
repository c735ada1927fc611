#!/bin/sh
# Starts the daemon as a user of no rights, in a user namespace that rootlesskit makes; called by enter.sh as root.
#
# The user's network is one more pasta: with rootlesskit's `--net=host` this Docker fails when it is asked for its version.
set -eu
mkdir -p /run/user/1000/home /run/users
printf 'root:x:0:0::/root:/bin/sh\nengine:x:1000:1000::/run/user/1000/home:/bin/sh\n' > /run/users/passwd
printf 'root:x:0:\nengine:x:1000:\n' > /run/users/group
echo engine:100000:65536 | tee /run/users/subuid > /run/users/subgid
# The root is read-only, its files can still be covered.
for name in passwd group subuid subgid; do
  mount --bind "/run/users/$name" "/etc/$name"
done
# Machines differ in who may open the device.
mknod -m 666 /run/users/tun c 10 200
mount --bind /run/users/tun /dev/net/tun
chown -R 1000:1000 /run/user/1000
chown 1000:1000 /engine /engine/data
export HOME=/run/user/1000/home XDG_RUNTIME_DIR=/run/user/1000 USER=engine
exec setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=-all \
  rootlesskit --net=pasta --port-driver=implicit --copy-up=/etc --copy-up=/run --propagation=rslave \
  sh -c 'rm -f /run/docker /run/containerd /run/xtables.lock; exec dockerd --rootless --config-file /engine/daemon.json'

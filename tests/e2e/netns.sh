#!/bin/bash
# Run a command in a private network: loopback and one fake LAN card (browsers gather no candidate on loopback alone).
# Its mounts are private too: tests fill small disks of their own.
# Needs root, or a kernel that lets users make namespaces.
set -euo pipefail
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    unshare --user --map-root-user --net true 2>/dev/null || {
        echo "The browser tests need a network namespace: run them as root, or allow user namespaces" \
             "(sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)." >&2
        exit 1
    }
    as_root=(--user --map-root-user)
fi
# shellcheck disable=SC2016  # expanded inside
exec unshare "${as_root[@]}" --net --mount bash -c '
    ip link set lo up
    ip link add lan0 type veth peer name lan1
    ip link set lan1 up
    ip addr add 10.99.0.1/24 dev lan0
    ip link set lan0 up
    ip route add default via 10.99.0.254 dev lan0
    exec "$@"' netns "$@"

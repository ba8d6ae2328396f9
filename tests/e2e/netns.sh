#!/bin/bash
# Run a command in a private network: loopback and one fake LAN card (browsers gather no candidate on loopback alone).
# Its mounts are private too: tests fill small disks of their own. With --ipv6 there is none of IPv4 but the
# loopback, by which Firefox is driven; localhost is ::1, and DIEMCAU_TEST_IPV6 tells the tests.
#   tests/e2e/netns.sh [--ipv6] COMMAND …
# Needs root, or a kernel that lets users make namespaces.
set -euo pipefail
if [ "${1:-}" = --ipv6 ]; then
    shift
    export DIEMCAU_TEST_IPV6=yes
fi
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
    # The ports of tests/e2e/server.py: no socket of a browser takes one before its server does.
    { echo 40000-43999 >/proc/sys/net/ipv4/ip_local_reserved_ports; } 2>/dev/null || true
    # Playwright looks for an IPv6 address of localhost at each request of its own: without one here it would wait five
    # seconds for a name server that cannot be reached.
    hosts=$(mktemp)
    [ -n "${DIEMCAU_TEST_IPV6:-}" ] || cat /etc/hosts >"$hosts"
    echo "::1 localhost" >>"$hosts"
    mount --bind "$hosts" /etc/hosts
    rm "$hosts"
    if [ -n "${DIEMCAU_TEST_IPV6:-}" ]; then
        ip addr add fd00:99::1/64 dev lan0 nodad
        ip link set lan0 up
        ip -6 route add default via fd00:99::fe dev lan0
    else
        ip addr add 10.99.0.1/24 dev lan0
        ip link set lan0 up
        ip route add default via 10.99.0.254 dev lan0
    fi
    exec "$@"' netns "$@"

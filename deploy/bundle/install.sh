#!/bin/sh
# Install the bundle beside this file without a network, after its signature was checked, with what it needs of Debian.
# `diemcau upgrade` takes later bundles of the same key.
#   ./install.sh KEY    # a file with the OpenPGP public key of who made it, which came by another way
set -eu
[ $# = 1 ] || { echo "usage: $0 FILE: the OpenPGP public key of who made the bundle" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "$0: root is needed to install a package" >&2; exit 2; }
key=$(realpath "$1")
cd "$(dirname "$(realpath "$0")")"
./verify.sh . "$key"
./apt.sh .
install -m 644 "$key" /etc/diemcau/bundle.asc
mkdir -p /var/cache/diemcau # which `diemcau upgrade --undo` installs again
cp apt/diemcau_*.deb /var/cache/diemcau
systemctl --quiet is-active diemcau 2>/dev/null || { echo "Diemcau is installed. Now set it up: diemcau setup, or diemcau setup --web" && exit; }
port=$(sed -n 's/^DIEMCAU_PORT=//p' /etc/diemcau/diemcau.env)
echo "Diemcau runs: https://$(cat /proc/sys/kernel/hostname):${port:-8443}"

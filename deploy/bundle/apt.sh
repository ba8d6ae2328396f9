#!/bin/sh
# Install the package of a bundle with what it needs of Debian, from the bundle alone. The bundle was checked before.
#   apt.sh BUNDLE
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial"
echo "deb [trusted=yes] file:$(realpath "$1")/apt ./" >"$work/sources"
set -- -qq -o "Dir::Etc::sourcelist=$work/sources" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$work/lists" \
    -o APT::Sandbox::User=root -o APT::Install-Recommends=false -o Dpkg::Use-Pty=0
apt-get "$@" update
DEBIAN_FRONTEND=noninteractive apt-get "$@" --yes install diemcau >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

#!/bin/sh
# Install the package of a bundle, or others that are in it, with what they need of Debian, from the bundle alone. The bundle
# was checked before.
#   apt.sh BUNDLE [PACKAGE …]
set -eu
bundle=$(realpath "$1")
shift
packages=${*:-diemcau}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial"
echo "deb [trusted=yes] file:$bundle/apt ./" >"$work/sources"
set -- -qq -o "Dir::Etc::sourcelist=$work/sources" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$work/lists" \
    -o APT::Sandbox::User=root -o APT::Install-Recommends=false -o Dpkg::Use-Pty=0
apt-get "$@" update
# shellcheck disable=SC2086  # a list on purpose
DEBIAN_FRONTEND=noninteractive apt-get "$@" --yes install $packages >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

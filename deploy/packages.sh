#!/bin/sh
# Install the named Debian packages that are missing; asks for root only then, and says for what.
set -eu
missing=""
for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
command -v node >/dev/null || missing="$missing nodejs"
[ -z "$missing" ] && exit 0
root=""
if [ "$(id -u)" -ne 0 ]; then
    echo "The tests need these Debian packages, and root to install them:$missing"
    root="sudo"
fi
$root apt-get update -qq
# shellcheck disable=SC2086  # a list on purpose
$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing

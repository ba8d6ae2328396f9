#!/bin/sh
# Make the environment of a release from its wheels, which is used once it is complete.
#   environment.sh /opt/diemcau/releases/VERSION
set -eu
rm -rf "$1/venv"
python3 -m venv "$1/venv"
"$1/venv/bin/pip" --isolated install --quiet --disable-pip-version-check --no-cache-dir --no-index --no-warn-script-location \
    --find-links "$1/wheels" diemcau
touch "$1/complete"

#!/bin/sh
# Tell whether every package that the bundle holds has a wheel at PyPI for arm64 and the Python of Debian 13, at the versions
# of constraints.txt. Downloads descriptions alone; ends with 1 where one is missing. Our own code is compiled on the machine
# that makes the bundle, and has a twin in Python.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
/usr/bin/python3 -m venv "$work/venv"
/usr/bin/python3 -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' \
    >"$work/needed"
platforms=$(for minor in $(seq 17 41); do echo "--platform manylinux_2_${minor}_aarch64"; done)
# shellcheck disable=SC2086  # a list on purpose
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --dry-run --ignore-installed --target "$work/target" \
    --only-binary :all: --implementation cp --python-version 3.13 --platform manylinux2014_aarch64 $platforms \
    --constraint constraints.txt --requirement "$work/needed" --report "$work/report"
/usr/bin/python3 - "$work/report" <<'END'
import json, sys
files = [each["download_info"]["url"].rpartition("/")[2] for each in json.load(open(sys.argv[1]))["install"]]
native = [name for name in files if "aarch64" in name]
plain = [name for name in files if name.endswith("-none-any.whl")]
assert len(native) + len(plain) == len(files), set(files) - {*native, *plain}
print(json.dumps({"drill": "arm64", "packages": len(files), "for_arm64": len(native), "held": True}))
END

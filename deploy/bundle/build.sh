#!/bin/bash
# Make the bundle in build/bundle: a Debian package, an apt repository of all that it needs, on wish an image for podman, a
# list of what is inside (CycloneDX), checksums and their signature. Needs Debian 13, its packages python3-venv, python3-dev,
# gcc and dpkg-dev, for the image root and what image.sh names, PyPI and Debian's mirrors.
#   deploy/bundle/build.sh KEY [--image]    # a file with an OpenPGP secret key (gpg --armor --export-secret-keys), without
#                                           # passphrase
set -eu
usage="usage: $0 FILE [--image]: an OpenPGP secret key to sign by"
[ $# = 1 ] || [ "$*" = "${1-} --image" ] || { echo "$usage" >&2; exit 2; }
[ -r "$1" ] || { echo "$0: no key to sign by in $1; an unsigned bundle would be refused" >&2; exit 2; }
key=$(realpath "$1")
cd "$(dirname "$0")/../.."
python=/usr/bin/python3
work=$PWD/build/bundle-work
bundle=$PWD/build/bundle
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
umask 022

# The same bytes each time: the versions of constraints.txt, also of what builds; no debugging symbols and no path of a
# source, which name the folder of the build. Downloads stay in a cache.
wheels() {
    rm -rf "$work/source" "$work/own" "$work/wheels"
    mkdir -p "$work/source" "$work/own" "$work/cache"
    git archive HEAD | tar -x --no-same-permissions -C "$work/source"
    "$python" -m venv "$work/venv"
    export PIP_CONSTRAINT=$PWD/constraints.txt PIP_BUILD_CONSTRAINT=$PWD/constraints.txt
    CFLAGS="-g0 -ffile-prefix-map=$work=." "$work/venv/bin/pip" wheel --quiet --disable-pip-version-check --no-cache-dir \
        --no-deps --wheel-dir "$work/own" "$work/source"
    "$work/venv/bin/pip" wheel --quiet --disable-pip-version-check --find-links "$work/cache" \
        --wheel-dir "$work/wheels" "$work"/own/*.whl
    find "$work/wheels" -name '*.whl' ! -name 'diemcau-*' -exec cp {} "$work/cache" \;
}

# What the package needs and suggests of Debian, with all beneath it, for a machine that has nothing but Debian's smallest
# system.
repository() {
    mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial"
    touch "$work/apt/status"
    needed=$(sed -En 's/^(Depends|Suggests): //p' deploy/bundle/control | tr -d , | sed 's/([^)]*)//g')
    options=(-qq -o "Dir::State=$work/apt" -o "Dir::State::status=$work/apt/status" -o "Dir::Cache::archives=$work/apt/archives"
        -o Debug::NoLocking=1 -o Dir::Etc::preferencesparts=/dev/null -o APT::Sandbox::User=root
        -o "Dir::Etc::sourcelist=$work/apt/sources" -o Dir::Etc::sourceparts=/dev/null)
    mirror=http://deb.debian.org/debian
    {
        for suite in trixie trixie-updates; do
            echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
        done
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror-security trixie-security main"
    } >"$work/apt/sources"
    apt-get "${options[@]}" update
    # shellcheck disable=SC2086  # a list on purpose
    apt-get "${options[@]}" --no-install-recommends --download-only --yes install $needed >/dev/null
    # shellcheck disable=SC2086  # a list on purpose
    apt-get "${options[@]}" --no-install-recommends --simulate install $needed |
        sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) [^[]*\[\([^]]*\)\]).*/\1_\2_\3.deb/p' | sed 's/:/%3a/g' |
        while read -r name; do cp "$work/apt/archives/$name" "$bundle/apt"; done
    (cd "$bundle/apt" && dpkg-scanpackages --multiversion . 2>/dev/null >Packages)
}

# Every Python package in it, with version, licence and checksum.
components() {
    rm -rf "$work/installed"
    "$python" -m venv --without-pip "$work/installed"
    "$work/venv/bin/pip" --python "$work/installed/bin/python" install --quiet --disable-pip-version-check --no-index \
        --find-links "$work/wheels" diemcau
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check cyclonedx-bom
    "$work/venv/bin/cyclonedx-py" environment --output-reproducible --output-format JSON --pyproject pyproject.toml \
        --output-file "$bundle/diemcau.cdx.json" "$work/installed/bin/python"
}

sign() {
    home=$(mktemp -d)
    export GNUPGHOME=$home
    gpg --batch --quiet --import "$key"
    (cd "$bundle" && find . -type f ! -name 'SHA256SUMS*' -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
    gpg --batch --quiet --armor --detach-sign --output "$bundle/SHA256SUMS.asc" "$bundle/SHA256SUMS"
    gpgconf --kill gpg-agent
    rm -rf "$home"
}

rm -rf "$bundle"
mkdir -p "$bundle/apt"
wheels
deploy/bundle/package.sh "$work/wheels" "$bundle/apt"
[ $# = 1 ] || deploy/bundle/image.sh "$bundle"/apt/diemcau_*.deb "$bundle/diemcau.oci.tar"
repository
components
install -m 755 deploy/bundle/apt.sh deploy/bundle/install.sh deploy/bundle/verify.sh "$bundle"
install -m 644 docs/licences.md CHANGELOG.md "$bundle"
sign
du -sh "$bundle"

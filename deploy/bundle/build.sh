#!/bin/bash
# Make the bundle in build/bundle: a Debian package, an apt repository of all that it needs, a list of what is inside
# (CycloneDX), checksums and their signature. Needs Debian 13, its packages python3-venv, python3-dev, gcc and dpkg-dev,
# PyPI and Debian's mirrors.
#   deploy/bundle/build.sh KEY    # a file with an OpenPGP secret key (gpg --armor --export-secret-keys), without passphrase
set -eu
[ $# = 1 ] || { echo "usage: $0 FILE: an OpenPGP secret key to sign by" >&2; exit 2; }
[ -r "$1" ] || { echo "$0: no key to sign by in $1; an unsigned bundle would be refused" >&2; exit 2; }
key=$(realpath "$1")
cd "$(dirname "$0")/../.."
python=/usr/bin/python3
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
architecture=$(dpkg --print-architecture)
work=$PWD/build/bundle-work
bundle=$PWD/build/bundle
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
umask 022

# The same bytes each time: no debugging symbols, which name the folder of the build.
wheels() {
    rm -rf "$work/source" "$work/own" build/lib build/temp.* build/bdist.*
    mkdir -p "$work/source" "$work/own" "$work/wheels"
    git archive HEAD | tar -x -C "$work/source"
    "$python" -m venv "$work/venv"
    CFLAGS=-g0 "$work/venv/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$work/own" "$work/source"
    "$work/venv/bin/pip" wheel --quiet --disable-pip-version-check --constraint constraints.txt \
        --find-links "$work/wheels" --wheel-dir "$work/wheels" "$work"/own/*.whl
}

# The package: wheels that its installation puts into an environment of their own, units, settings.
package() {
    root=$work/package
    release=opt/diemcau/releases/$version
    rm -rf "$root"
    mkdir -p "$root/DEBIAN" "$root/$release" "$root/usr/lib/systemd/system" "$root/usr/lib/sysctl.d" "$root/usr/lib/sysusers.d" \
        "$root/usr/share/doc/diemcau/examples" "$root/usr/sbin" "$root/usr/lib/diemcau"
    cp -r "$work/wheels" "$root/$release/wheels"
    install -m 644 deploy/*.service deploy/*.timer "$root/usr/lib/systemd/system"
    install -m 644 deploy/sysctl.conf "$root/usr/lib/sysctl.d/diemcau.conf"
    install -m 644 deploy/bundle/sysusers.conf "$root/usr/lib/sysusers.d/diemcau.conf"
    install -m 755 deploy/bundle/diemcau "$root/usr/sbin/diemcau"
    install -m 755 deploy/bundle/apt.sh deploy/bundle/environment.sh deploy/bundle/start.sh \
        deploy/bundle/upgrade.sh deploy/bundle/verify.sh "$root/usr/lib/diemcau"
    install -m 644 deploy/bundle/nftables.conf deploy/haproxy.cfg deploy/haproxy-media.cfg deploy/keepalived.conf \
        deploy/prometheus/prometheus.yml deploy/prometheus/diemcau.rules.yml deploy/grafana/*.json \
        "$root/usr/share/doc/diemcau/examples"
    install -m 644 docs/licences.md "$root/usr/share/doc/diemcau/copyright"
    install -m 644 CHANGELOG.md "$root/usr/share/doc/diemcau/changelog"
    sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/" deploy/bundle/control >"$root/DEBIAN/control"
    for script in postinst prerm postrm; do
        sed "s/@VERSION@/$version/" "deploy/bundle/$script" >"$root/DEBIAN/$script"
        chmod 755 "$root/DEBIAN/$script"
    done
    find "$root" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
    dpkg-deb --root-owner-group -Znone --build "$root" "$bundle/apt" >/dev/null
}

# What the package needs of Debian, with all beneath it, for a machine that has nothing but Debian's smallest system.
repository() {
    mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial"
    touch "$work/apt/status"
    needed=$(sed -n 's/^Depends: //p' deploy/bundle/control | tr -d , | sed 's/([^)]*)//g')
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
    cp "$work"/apt/archives/*.deb "$bundle/apt"
    (cd "$bundle/apt" && dpkg-scanpackages --multiversion . 2>/dev/null >Packages)
}

# Every Python package in it, with version, licence and checksum.
components() {
    rm -rf "$work/installed"
    "$python" -m venv --without-pip "$work/installed"
    "$work/venv/bin/pip" --python "$work/installed/bin/python" install --quiet --disable-pip-version-check --no-index \
        --find-links "$work/wheels" diemcau
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check --constraint constraints.txt cyclonedx-bom
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
package
repository
components
install -m 755 deploy/bundle/apt.sh deploy/bundle/install.sh deploy/bundle/verify.sh "$bundle"
install -m 644 docs/licences.md CHANGELOG.md "$bundle"
sign
du -sh "$bundle"

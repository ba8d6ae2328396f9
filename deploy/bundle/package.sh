#!/bin/bash
# Make the Debian package: wheels that its installation puts into an environment of their own, units, settings. The same
# wheels give the same bytes, whoever makes it and wherever.
#   package.sh WHEELS FOLDER    # SOURCE_DATE_EPOCH: no file in it is newer
set -eu
wheels=$(realpath "$1")
target=$(realpath "$2")
cd "$(dirname "$0")/../.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
architecture=$(dpkg --print-architecture)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
release=opt/diemcau/releases/$version
umask 022

mkdir -p "$root/DEBIAN" "$root/$release/wheels" "$root/usr/lib/systemd/system" "$root/usr/lib/systemd/journald.conf.d" \
    "$root/usr/lib/sysctl.d" "$root/usr/lib/sysusers.d" "$root/usr/share/doc/diemcau/examples" "$root/usr/sbin" \
    "$root/usr/lib/diemcau"
install -m 644 "$wheels"/*.whl "$root/$release/wheels"
install -m 644 deploy/*.service deploy/*.timer "$root/usr/lib/systemd/system"
install -m 644 deploy/journald.conf "$root/usr/lib/systemd/journald.conf.d/diemcau.conf"
install -m 644 deploy/sysctl.conf "$root/usr/lib/sysctl.d/diemcau.conf"
install -m 644 deploy/bundle/sysusers.conf "$root/usr/lib/sysusers.d/diemcau.conf"
install -m 755 deploy/bundle/diemcau "$root/usr/sbin/diemcau"
install -m 755 deploy/bundle/apt.sh deploy/bundle/environment.sh deploy/bundle/start.sh \
    deploy/bundle/upgrade.sh deploy/bundle/verify.sh "$root/usr/lib/diemcau"
install -m 644 deploy/bundle/nftables.conf deploy/haproxy.cfg deploy/haproxy-media.cfg deploy/keepalived.conf \
    deploy/turnserver.conf \
    deploy/prometheus/prometheus.yml deploy/prometheus/diemcau.rules.yml deploy/grafana/*.json \
    "$root/usr/share/doc/diemcau/examples"
install -m 755 deploy/snmp/diemcau_snmp.py "$root/usr/lib/diemcau"
install -m 644 deploy/snmp/snmpd.conf "$root/usr/share/doc/diemcau/examples"
install -m 644 docs/licences.md "$root/usr/share/doc/diemcau/copyright"
install -m 644 CHANGELOG.md "$root/usr/share/doc/diemcau/changelog"
sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/" deploy/bundle/control >"$root/DEBIAN/control"
for script in postinst prerm postrm; do
    sed "s/@VERSION@/$version/" "deploy/bundle/$script" >"$root/DEBIAN/$script"
    chmod 755 "$root/DEBIAN/$script"
done
find "$root" -type d -exec chmod 00755 {} + # a folder of a group gives it to those below
dpkg-deb --root-owner-group -Znone --build "$root" "$target" >/dev/null

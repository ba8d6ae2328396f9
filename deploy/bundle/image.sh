#!/bin/bash
# Make an OCI image for podman of the wheels of the package: Debian's smallest system, what the release needs of it, and the
# environment of the release. Nothing is downloaded when it runs. Needs root, mmdebstrap, buildah and Debian's mirrors.
#   image.sh PACKAGE TARGET    # the .deb; the archive to make. SOURCE_DATE_EPOCH: the time of all files in it
set -eu
package=$(realpath "$1")
target=$(realpath -m "$2")
here=$(cd "$(dirname "$0")" && pwd)
[ "$(id -u)" = 0 ] || { echo "$0: root is needed to lay out an image" >&2; exit 2; }
version=$(dpkg-deb --field "$package" Version)
release=opt/diemcau/releases/$version
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SOURCE_DATE_EPOCH
umask 022

# In the root of the image: the environment, whose compiled modules are checked by hash, and a user for whom it runs.
mkdir "$work/package"
dpkg-deb --extract "$package" "$work/package"
cat >"$work/customize" <<END
set -eu
cp -r "$work/package/opt" "\$1/"
install -D -m 644 -t "\$1/usr/share/doc/diemcau" "$work/package/usr/share/doc/diemcau/copyright"
install -m 755 "$here/diemcau" "\$1/usr/sbin/diemcau"
install -m 755 "$here/environment.sh" "\$1/tmp/environment.sh"
chroot "\$1" /tmp/environment.sh "/$release"
rm -r "\$1/tmp/environment.sh" "\$1/$release/wheels"
ln -s "releases/$version/venv" "\$1/opt/diemcau/.venv"
chroot "\$1" useradd --system --uid 900 --user-group --home-dir /var/lib/diemcau --shell /usr/sbin/nologin diemcau
install -d -o 900 -g 900 -m 700 "\$1/var/lib/diemcau" "\$1/etc/diemcau"
rm -rf "\$1"/etc/*- "\$1"/var/cache/ldconfig/aux-cache "\$1"/var/log/* "\$1"/var/lib/apt/lists/*
END
packages=$(sed -En 's/^(Depends|Suggests): //p' "$here/control" | sed 's/([^)]*)//g; s/systemd, //; s/ //g' | paste -sd,)
mmdebstrap --quiet --variant=minbase --include="$packages" --dpkgopt='path-exclude=/usr/share/man/*' \
    --customize-hook="sh $work/customize \"\$1\"" trixie "$work/root.tar" \
    'deb http://deb.debian.org/debian trixie main' 'deb http://deb.debian.org/debian trixie-updates main' \
    'deb http://deb.debian.org/debian-security trixie-security main'

export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
storage=(--root "$work/storage" --runroot "$work/run")
container=$(buildah "${storage[@]}" from scratch)
buildah "${storage[@]}" add --quiet "$container" "$work/root.tar" /
buildah "${storage[@]}" config --user diemcau --workingdir / --entrypoint '["/usr/sbin/diemcau"]' --cmd serve --stop-signal TERM \
    --env PYTHONFAULTHANDLER=1 --volume /var/lib/diemcau --volume /etc/diemcau --port 8443 \
    --label "org.opencontainers.image.title=diemcau" --label "org.opencontainers.image.version=$version" "$container"
buildah "${storage[@]}" commit --quiet --rm --disable-compression=false --timestamp "$SOURCE_DATE_EPOCH" "$container" \
    "oci:$work/image:diemcau:$version" >/dev/null
tar --create --file "$target" --directory "$work/image" --sort=name --format=ustar --mtime="@$SOURCE_DATE_EPOCH" \
    --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX .

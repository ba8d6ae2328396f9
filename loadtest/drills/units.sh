#!/bin/bash
# The drill `units`: the units of deploy/ under a real systemd, which is process 1 of namespaces of its own. What it sees
# is a copy of this machine's files that is forgotten at the end. Needs root, systemd 257, cgroup2 and overlayfs.
#   loadtest/drills/units.sh [options of `python -m loadtest drills units`]
set -eEu
checkout=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=loadtest/drills/machine.sh
source "$checkout/loadtest/drills/machine.sh"

# In the new namespaces: lay out the files, then become systemd.
boot() {
    mount -t tmpfs tmpfs "$1"
    mkdir "$1/upper" "$1/work" "$1/root"
    mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
    cd "$1/root"
    rm -rf opt/diemcau var/lib/diemcau etc/diemcau etc/systemd/system/diemcau* etc/fstab etc/crypttab var/log/journal
    mkdir -p opt/diemcau etc/diemcau
    mount --bind "$checkout" opt/diemcau
    mount_kernel
    mount --bind -o ro proc/sys proc/sys
    for user in diemcau diemcau-media; do
        getent passwd $user >/dev/null || chroot . useradd --system --user-group --shell /usr/sbin/nologin $user
    done
    for unit in "$checkout"/deploy/*.service; do # a checkout has its program elsewhere than an installed release
        sed -e 's#/diemcau media#/python -m mediaserver#; s#/diemcau serve#/python -m signaling serve#' \
            -e 's#^\[Service\]#&\nEnvironment=PYTHONPATH=/opt/diemcau#' "$unit" >"etc/systemd/system/${unit##*/}"
    done
    printf 'DIEMCAU_WORKERS=3\nDIEMCAU_HTTP_PORT=8080\nDIEMCAU_MEDIA_ADDRESS=127.0.0.1\n' >etc/diemcau/diemcau.env
    echo ADDRESS=127.0.0.1 >etc/diemcau/worker.env
    ip link set lo up
    become_systemd
}

if [ "${1-}" = boot ]; then
    boot "$2"
fi
files=$(mktemp -d)
begin_machine units "$0" boot "$files"
end() {
    end_machine
    rmdir "$files"
}
trap end EXIT
await_machine
trap 'in_machine journalctl --no-pager --lines 100 >&2' ERR
in_machine systemctl start diemcau-worker@{0..2} diemcau
in_machine env PYTHONPATH=/opt/diemcau /opt/diemcau/.venv/bin/python -m loadtest drills units "$@"

#!/bin/bash
# The drill `units`: the units of deploy/ under a real systemd, which is process 1 of namespaces of its own. What it sees
# is a copy of this machine's files that is forgotten at the end. Needs root, systemd 257, cgroup2 and overlayfs.
#   loadtest/drills/units.sh [options of `python -m loadtest drills units`]
set -eEu
checkout=$(cd "$(dirname "$0")/../.." && pwd)

# In the new namespaces: lay out the files, then become systemd.
boot() {
    mount -t tmpfs tmpfs "$1"
    mkdir "$1/upper" "$1/work" "$1/root"
    mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
    cd "$1/root"
    rm -rf opt/diemcau var/lib/diemcau etc/diemcau etc/systemd/system/diemcau* etc/fstab etc/crypttab var/log/journal
    mkdir -p opt/diemcau etc/diemcau
    mount --bind "$checkout" opt/diemcau
    mount -t proc -o nosuid,nodev,noexec proc proc
    mount --bind -o ro proc/sys proc/sys
    mount -t sysfs -o nosuid,nodev,noexec,ro sysfs sys
    mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
    mount -t tmpfs -o mode=755 tmpfs run
    mount -t tmpfs -o mode=1777 tmpfs tmp
    mount -t tmpfs -o mode=755 tmpfs dev
    mkdir dev/pts dev/shm
    mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
    mount -t tmpfs -o mode=1777 tmpfs dev/shm
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    for device in null zero full random urandom tty; do
        touch dev/$device
        mount --bind /dev/$device dev/$device
    done
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
    pivot_root . mnt
    umount -l /mnt
    mount --make-rshared /
    container=drill exec /lib/systemd/systemd --unit=basic.target </dev/null
}

if [ "${1-}" = boot ]; then
    boot "$2"
fi
files=$(mktemp -d)
group=$(findmnt --noheadings --first-only --output TARGET --types cgroup2)/diemcau-units-$$
mkdir "$group"
(
    echo "$BASHPID" >"$group/cgroup.procs"
    exec unshare --mount --pid --cgroup --uts --ipc --net --fork --kill-child "$0" boot "$files"
) &
holder=$!
end() {
    kill -9 $holder
    wait $holder 2>/dev/null || true
    sleep 1 # until the kernel has ended all that was in it
    find "$group" -depth -type d -exec rmdir {} +
    rmdir "$files"
}
trap end EXIT
inside() {
    nsenter --target "$(pgrep --parent $holder)" --mount --pid --cgroup --uts --ipc --net --root --wd "$@"
}
for _ in $(seq 50); do
    inside systemctl is-active --quiet basic.target 2>/dev/null && break
    sleep 0.2
done
trap 'inside journalctl --no-pager --lines 100 >&2' ERR
inside systemctl start diemcau-worker@{0..2} diemcau
inside env PYTHONPATH=/opt/diemcau /opt/diemcau/.venv/bin/python -m loadtest drills units "$@"

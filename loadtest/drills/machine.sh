# For `source` by the drills that are scripts: a network of one's own, and a machine in namespaces of its own whose process 1
# is systemd; accounts for a meeting on it. Needs root and cgroup2; `checkout` is the folder of the sources.
# shellcheck shell=bash

# Bring up a LAN that leads nowhere, with the address 10.99.0.1.
make_lan() {
    ip link set lo up
    ip link add lan0 type veth peer name lan1
    ip link set lan1 up
    ip addr add 10.99.0.1/24 dev lan0
    ip link set lan0 up
}

# In the root of a machine that is to boot: mount what the kernel gives, and make the devices.
mount_kernel() {
    mount -t proc -o nosuid,nodev,noexec proc proc
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
}

# In the root of a machine that is to boot: make it the root of all, and become systemd.
become_systemd() {
    mkdir -p mnt
    pivot_root . mnt
    umount -l /mnt
    mount --make-rshared /
    container=drill exec /lib/systemd/systemd --unit=basic.target </dev/null
}

# Begin a machine in a cgroup of its own; the command lays its files out in its namespaces and becomes systemd.
begin_machine() { # name, command
    cgroup=$(findmnt --noheadings --first-only --output TARGET --types cgroup2)/diemcau-$1-$$
    mkdir "$cgroup"
    (
        echo "$BASHPID" >"$cgroup/cgroup.procs"
        exec unshare --mount --pid --cgroup --uts --ipc --net --fork --kill-child "${@:2}"
    ) &
    holder=$!
}

end_machine() {
    kill -9 "$holder"
    wait "$holder" 2>/dev/null || true
    sleep 1 # until the kernel has ended all that was in it
    find "$cgroup" -depth -type d -exec rmdir {} +
}

# Run a command in the machine.
in_machine() {
    nsenter --target "$(pgrep --parent "$holder")" --mount --pid --cgroup --uts --ipc --net --root --wd "$@"
}

# Wait until the machine has booted.
await_machine() {
    for _ in $(seq 100); do
        in_machine systemctl is-active --quiet basic.target 2>/dev/null && break
        sleep 0.2
    done
}

# Print the seconds since `began`.
since() { echo "$(date +%s.%N) - $began" | bc; }

# Print the units of a province as the table that `diemcau setup` takes.
units_table() {
    "$checkout/.venv/bin/python" - "$checkout/scheduler/data/khanhhoa-2023.json" <<'EOF'
import csv, json, sys
names = ["id", "name", "level", "parent", "abbr", "point", "valid_from", "valid_to", "successor"]
document = json.load(open(sys.argv[1]))
writer = csv.DictWriter(sys.stdout, names)
writer.writeheader()
writer.writerows({"valid_from": document.get("valid_from"), **unit} for unit in document["units"])
EOF
}

# Create the accounts of a host and of a point of these units; print each with its password for tests.e2e.installed.
two_accounts() { # the command `diemcau`
    local account name roles
    for account in ubnd.nha-trang:registrant:site nt.xuonghuan:site; do
        IFS=: read -r name roles <<<"$account"
        # shellcheck disable=SC2046,SC2086  # lists on purpose
        "$@" admin create-account $name $(printf -- '--role %s ' ${roles//:/ }) --point $name | tr '\t' ':'
    done
}

#!/bin/bash
# The drill `bundle`: the bundle is built, and installed without a network on a Debian 13 that has nothing but systemd, as
# process 1 of namespaces of its own; a bundle that is not signed, or was changed, is refused. `diemcau setup` takes its
# answers from a file: an authority of the site's own, units from a table. Two browsers that were given that authority
# meet; meanwhile the server is upgraded to a bundle of a newer number, which adds a table, and goes back.
# Needs root, mmdebstrap, certutil (libnss3-tools), cgroup2, PyPI and Debian's mirrors.
#   loadtest/drills/bundle.sh [BUNDLE NEWER KEY]    # bundles that exist, with the public key of who made both
set -eEu
checkout=$(cd "$(dirname "$0")/../.." && pwd)

# In the new namespaces: lay out the files, then become systemd.
boot() { # root, bundle, newer bundle, key
    mount --bind "$1" "$1"
    cd "$1"
    mount -t proc -o nosuid,nodev,noexec proc proc
    mount -t sysfs -o nosuid,nodev,noexec,ro sysfs sys
    mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
    mount -t tmpfs -o mode=755 tmpfs run
    mount -t tmpfs -o mode=1777 tmpfs tmp
    mount -t tmpfs -o mode=755 tmpfs dev
    mkdir -p dev/pts dev/shm mnt srv/bundle srv/newer
    mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
    mount -t tmpfs -o mode=1777 tmpfs dev/shm
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    for device in null zero full random urandom tty; do
        touch dev/$device
        mount --bind /dev/$device dev/$device
    done
    mount --bind "$2" srv/bundle
    mount --bind "$3" srv/newer
    cp "$4" root/key.asc
    ip link set lo up
    ip link add lan0 type veth peer name lan1
    ip link set lan1 up
    ip addr add 10.99.0.1/24 dev lan0
    ip link set lan0 up
    pivot_root . mnt
    umount -l /mnt
    mount --make-rshared /
    container=drill exec /lib/systemd/systemd --unit=basic.target </dev/null
}

if [ "${1-}" = boot ]; then
    boot "$2" "$3" "$4" "$5"
fi
work=$checkout/build/bundle-work

# Make a bundle of the newer release in a copy of the checkout, from the packages of the first one.
newer() {
    rm -rf "$work/newer"
    git clone --quiet "$checkout" "$work/newer"
    cd "$work/newer"
    sed -i 's/^version = ".*"/version = "99.0"/' pyproject.toml
    last=$(find signaling/migrations/versions -name '[0-9]*.py' -printf '%f\n' | sort | tail -1 | cut -d_ -f1)
    next=$(printf %04d $((10#$last + 1)))
    cat >"signaling/migrations/versions/${next}_drill.py" <<EOF
import sqlalchemy as sa
from alembic import op

revision = "$next"
down_revision = "$last"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("drill", sa.Column("id", sa.String(16), primary_key=True))


def downgrade() -> None:
    op.drop_table("drill")
EOF
    git add .
    git -c user.name=drill -c user.email=drill@localhost commit --quiet --message "A newer release"
    mkdir -p build/bundle-work
    cp -r "$work/wheels" "$work/apt" build/bundle-work
    rm -f build/bundle-work/wheels/diemcau-*
    deploy/bundle/build.sh "$1"
    cd "$checkout"
}
bundle=$(realpath -m "${1-$checkout/build/bundle}")
newer=$(realpath -m "${2-$work/newer/build/bundle}")
key=$(realpath -m "${3-$work/key.asc}")
if [ $# = 0 ]; then
    mkdir -p "$work"
    home=$(mktemp -d)
    GNUPGHOME=$home gpg --batch --quiet --passphrase '' --quick-generate-key 'Drill <drill@localhost>' ed25519 sign never
    GNUPGHOME=$home gpg --armor --export >"$key"
    GNUPGHOME=$home gpg --armor --export-secret-keys >"$home/secret.asc"
    GNUPGHOME=$home gpgconf --kill gpg-agent
    "$checkout/deploy/bundle/build.sh" "$home/secret.asc"
    newer "$home/secret.asc"
    rm -rf "$home"
fi
files=$(mktemp -d)
mount -t tmpfs -o size=3g tmpfs "$files"
mmdebstrap --quiet --variant=minbase --include=systemd-sysv trixie "$files/root"
group=$(findmnt --noheadings --first-only --output TARGET --types cgroup2)/diemcau-bundle-$$
mkdir "$group"
(
    echo "$BASHPID" >"$group/cgroup.procs"
    exec unshare --mount --pid --cgroup --uts --ipc --net --fork --kill-child "$0" boot "$files/root" "$bundle" "$newer" "$key"
) &
holder=$!
end() {
    kill -9 $holder
    wait $holder 2>/dev/null || true
    sleep 1 # until the kernel has ended all that was in it
    find "$group" -depth -type d -exec rmdir {} +
    umount -l "$files"
    rmdir "$files"
}
trap end EXIT
inside() {
    nsenter --target "$(pgrep --parent $holder)" --mount --pid --cgroup --uts --ipc --net --root --wd \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"
}
for _ in $(seq 100); do
    inside systemctl is-active --quiet basic.target 2>/dev/null && break
    sleep 0.2
done
trap 'inside journalctl --no-pager --lines 100 >&2' ERR

# Tell that an installation is refused with these words, after a change of the bundle.
refused() {
    inside rm -rf /root/changed
    inside cp -r /srv/bundle /root/changed
    inside sh -c "cd /root/changed && $1"
    words=$(inside /root/changed/install.sh /root/key.asc 2>&1) && { echo "not refused: $1" >&2; return 1; }
    case "$words" in *"$2"*) ;; *) echo "refused, but not for this: $words" >&2; return 1 ;; esac
    inside sh -c 'test ! -e /opt/diemcau'
}
refused 'rm SHA256SUMS.asc' 'not signed'
refused 'echo "0  x" >>SHA256SUMS' 'the signature is of no key'
refused 'echo x >>apt/Packages' 'is not the one that was signed'
refused 'cp install.sh apt/added.deb' 'a file was added'
inside rm -rf /root/changed

inside mkdir /etc/diemcau
inside sh -c 'umask 077 && echo DIEMCAU_WORKERS=2 >/etc/diemcau/diemcau.env'
began=$(date +%s.%N)
since() { echo "$(date +%s.%N) - $began" | bc; }
inside /srv/bundle/install.sh /root/key.asc
installed=$(since)
inside sh -c '! systemctl is-active --quiet diemcau' # nobody has set it up

# The answers, and the table of units of a province; what is wrong changes nothing.
"$checkout/.venv/bin/python" - "$checkout/scheduler/data/khanhhoa-2023.json" >"$files/root/root/units.csv" <<'EOF'
import csv, json, sys
names = ["id", "name", "level", "parent", "abbr", "point", "valid_from", "valid_to", "successor"]
document = json.load(open(sys.argv[1]))
writer = csv.DictWriter(sys.stdout, names)
writer.writeheader()
writer.writerows({"valid_from": document.get("valid_from"), **unit} for unit in document["units"])
EOF
cat >"$files/root/root/answers.toml" <<'EOF'
[address]
host = "10.99.0.1"
[certificate]
source = "authority"
[administrator]
account = "quantri"
[units]
table = "units.csv"
[capacity]
sessions = 20
points = 250
EOF
chmod 600 "$files/root/root/answers.toml"
sed 's/,huyen,/,quan,/' "$files/root/root/units.csv" >"$files/root/root/broken.csv"
sed 's/units.csv/broken.csv/' "$files/root/root/answers.toml" >"$files/root/root/broken.toml"
sums() { inside sh -c 'find /etc/diemcau /var/lib/diemcau -type f -exec sha256sum {} + 2>/dev/null'; }
before=$(sums || true)
words=$(inside diemcau setup --answers /root/broken.toml 2>&1) && { echo "not refused: a table with faults" >&2; exit 1; }
case "$words" in *"cấp: không có cấp quan"*) ;; *) echo "refused, but not for this: $words" >&2; exit 1 ;; esac
[ "$before" = "$(sums || true)" ]
inside diemcau setup --answers /root/answers.toml --check >/dev/null
[ "$before" = "$(sums || true)" ]
inside diemcau setup --answers /root/answers.toml
for _ in $(seq 300); do
    inside /opt/diemcau/.venv/bin/python -c 'import urllib.request as u; u.urlopen("http://127.0.0.1:8080/readyz")' 2>/dev/null && break
    sleep 0.2
done
set_up=$(since)
inside systemctl is-active diemcau diemcau-worker@0
accounts=""
for account in ubnd.nha-trang:registrant:site nt.xuonghuan:site; do
    IFS=: read -r name roles <<<"$account"
    # shellcheck disable=SC2046,SC2086  # lists on purpose
    accounts="$accounts $(inside diemcau admin create-account $name $(printf -- '--role %s ' ${roles//:/ }) --point $name | tr '\t' ':')"
done
inside diemcau upgrade /srv/newer --check

# Tell that server and media workers run a release.
run() {
    for unit in diemcau diemcau-worker@0 diemcau-worker@1; do
        inside sh -c "grep -q releases/$1/ /proc/\$(systemctl show --property MainPID --value $unit)/maps" || {
            echo "$unit does not run $1" >&2
            return 1
        }
    done
}
old=$(dpkg-deb --field "$bundle"/apt/diemcau_*.deb Version)
new=$(dpkg-deb --field "$newer"/apt/diemcau_*.deb Version)
run "$old"

# The commands of tests.e2e.installed, during a meeting.
export -f inside run since
export holder began
# shellcheck disable=SC2086  # a list on purpose
(cd "$checkout" && PYTHONPATH=$checkout nsenter --target "$(pgrep --parent $holder)" --net .venv/bin/python -m tests.e2e.installed \
    https://10.99.0.1:8443/ $accounts --authority "$files/root/etc/diemcau/authority/authority.pem" \
    --during "since >$files/met" --during "inside diemcau upgrade /srv/newer && run $new" \
    --during "inside diemcau upgrade --undo && run $old")
met=$(cat "$files/met")
[ "$(echo "$met < 600" | bc)" = 1 ] || { echo "two browsers met after $met s only" >&2; exit 1; }
echo "{\"drill\": \"bundle\", \"installed_s\": $installed, \"set_up_s\": $set_up, \"met_s\": $met, \"held\": true}"

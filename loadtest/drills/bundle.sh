#!/bin/bash
# The drill `bundle`: the bundle is built, and installed without a network on a Debian 13 that has nothing but systemd, as
# process 1 of namespaces of its own; a bundle that is not signed, or was changed, is refused. `diemcau setup` takes its
# answers from a file: an authority of the site's own, units from a table. Two browsers that were given that authority
# meet; meanwhile the server is upgraded to a bundle of a newer number, which adds a table, and goes back. Afterwards it is
# upgraded to one that changes tables so that the two releases before it do not know them, from the second and from the
# first of these, and goes back with the database; then the same on PostgreSQL.
# Needs root, mmdebstrap, certutil (libnss3-tools), cgroup2, PyPI and Debian's mirrors.
#   loadtest/drills/bundle.sh [BUNDLE NEXT LAST KEY]    # bundles that exist, with the public key of who made them
set -eEu
checkout=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=loadtest/drills/machine.sh
source "$checkout/loadtest/drills/machine.sh"

# In the new namespaces: lay out the files, then become systemd.
boot() { # root, bundle, next bundle, last bundle, key
    mount --bind "$1" "$1"
    cd "$1"
    mount_kernel
    mkdir -p srv/bundle srv/next srv/last
    mount --bind "$2" srv/bundle
    mount --bind "$3" srv/next
    mount --bind "$4" srv/last
    cp "$5" root/key.asc
    make_lan
    become_systemd
}

if [ "${1-}" = boot ]; then
    boot "$2" "$3" "$4" "$5" "$6"
fi
work=$checkout/build/bundle-work

# The number of the newest migration of these packages, which share their numbers.
numbered() { # packages
    find "${@/%//migrations/versions}" -name '[0-9]*.py' -printf '%f\n' | sort | tail -1 | cut -d_ -f1
}

# Make a bundle of a later release with a table more in a copy of a checkout, from the packages of the first one.
later() { # key, checkout, copy, number, which releases know its tables: those before, or itself
    rm -rf "$3"
    git clone --quiet "$2" "$3"
    cd "$3"
    sed -i "s/^version = \".*\"/version = \"$4\"/" pyproject.toml
    local newest added # migrations
    newest=$(numbered signaling)
    added=$(printf %04d $((10#$(numbered scheduler signaling) + 1)))
    [ "$5" = before ] || sed -i "s/^OLDEST: Final = .*/OLDEST: Final = \"$added\"/" signaling/migrations/__init__.py
    cat >"signaling/migrations/versions/${added}_drill.py" <<EOF
import sqlalchemy as sa
from alembic import op

revision = "$added"
down_revision = "$newest"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("drill_$added", sa.Column("id", sa.String(16), primary_key=True))


def downgrade() -> None:
    op.drop_table("drill_$added")
EOF
    git add .
    git -c user.name=drill -c user.email=drill@localhost commit --quiet --message "Release $4"
    mkdir -p build/bundle-work
    cp -r "$work/cache" "$work/apt" build/bundle-work
    deploy/bundle/build.sh "$1"
    cd "$checkout"
}
bundle=$(realpath -m "${1-$checkout/build/bundle}")
next=$(realpath -m "${2-$work/next/build/bundle}")
last=$(realpath -m "${3-$work/last/build/bundle}")
key=$(realpath -m "${4-$work/key.asc}")
if [ $# = 0 ]; then
    mkdir -p "$work"
    home=$(mktemp -d)
    GNUPGHOME=$home gpg --batch --quiet --passphrase '' --quick-generate-key 'Drill <drill@localhost>' ed25519 sign never
    GNUPGHOME=$home gpg --armor --export >"$key"
    GNUPGHOME=$home gpg --armor --export-secret-keys >"$home/secret.asc"
    GNUPGHOME=$home gpgconf --kill gpg-agent
    "$checkout/deploy/bundle/build.sh" "$home/secret.asc"
    later "$home/secret.asc" "$checkout" "$work/next" 98.0 before
    later "$home/secret.asc" "$work/next" "$work/last" 99.0 itself
    rm -rf "$home"
fi
files=$(mktemp -d)
mount -t tmpfs -o size=5g tmpfs "$files"
mmdebstrap --quiet --variant=minbase --include=systemd-sysv trixie "$files/root"
begin_machine bundle "$0" boot "$files/root" "$bundle" "$next" "$last" "$key"
end() {
    end_machine
    umount -l "$files"
    rmdir "$files"
}
trap end EXIT
inside() {
    in_machine env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"
}
await_machine
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
inside /srv/bundle/install.sh /root/key.asc
installed=$(since)
inside sh -c '! systemctl is-active --quiet diemcau' # nobody has set it up

# The answers, and the table of units of a province; what is wrong changes nothing.
units_table >"$files/root/root/units.csv"
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
accounts=$(two_accounts inside diemcau)
inside diemcau upgrade /srv/next --check

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
run "$old"

# The commands of tests.e2e.installed, during a meeting.
export -f inside in_machine run since
export holder began
# shellcheck disable=SC2086  # a list on purpose
(cd "$checkout" && PYTHONPATH=$checkout nsenter --target "$(pgrep --parent $holder)" --net .venv/bin/python -m tests.e2e.installed \
    https://10.99.0.1:8443/ $accounts --authority "$files/root/etc/diemcau/authority/authority.pem" \
    --during "since >$files/met" --during "inside diemcau upgrade /srv/next && run 98.0" \
    --during "inside diemcau upgrade --undo && run $old")
met=$(cat "$files/met")
[ "$(echo "$met < 600" | bc)" = 1 ] || { echo "two browsers met after $met s only" >&2; exit 1; }
inside sh -c 'ls /var/log/journal/*/system.journal' >/dev/null
inside journalctl --unit systemd-journald | grep -i unknown && { echo "journald does not understand its limits" >&2; exit 1; }

# Upgrade, write something, and go back; what was there before is there, and nothing else. `went` is the time of going back.
there_and_back() { # bundle, release, release before
    local before
    before=$(accounts)
    inside diemcau upgrade "$1"
    run "$2"
    inside diemcau admin create-account "after" --role technician >/dev/null
    began=$(date +%s.%N)
    inside diemcau upgrade --undo
    went=$(since)
    run "$3"
    [ "$before" = "$(accounts)" ] || { echo "other accounts than before $2" >&2; return 1; }
    [ "$(echo "$went < 120" | bc)" = 1 ] || { echo "going back took $went s" >&2; return 1; }
}
accounts() { inside diemcau admin list-accounts | cut -d , -f 1 | sort; }
there_and_back /srv/last 99.0 "$old"
two_back=$went
inside diemcau upgrade /srv/next
there_and_back /srv/last 99.0 98.0
one_back=$went
inside diemcau upgrade --undo
run "$old"

# The same on an empty database of PostgreSQL, which comes from Debian's mirrors, with its client.
cp /etc/resolv.conf "$files/root/etc/resolv.conf"
outside() {
    nsenter --target "$(pgrep --parent $holder)" --mount --pid --root --wd env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
outside apt-get -qq update
outside env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends postgresql >/dev/null
inside systemctl start postgresql
inside setpriv --reuid postgres --regid postgres --init-groups sh -c 'createuser diemcau && createdb --owner diemcau diemcau'
url='postgresql://diemcau@/diemcau?host=/run/postgresql'
inside sh -c "echo 'DIEMCAU_DATABASE_URL=$url' >>/etc/diemcau/diemcau.env"
inside sh -c "systemctl stop diemcau && systemctl restart 'diemcau-worker@*' && systemctl start diemcau"
inside mv /usr/bin/pg_dump /root # as where PostgreSQL is on another machine and its client nowhere
words=$(inside diemcau upgrade /srv/last --check 2>&1) && { echo "not refused: PostgreSQL without pg_dump" >&2; exit 1; }
case "$words" in *'pg_dump is not installed'*) ;; *) echo "refused, but not for this: $words" >&2; exit 1 ;; esac
inside mv /root/pg_dump /usr/bin
inside diemcau admin create-account before --role technician >/dev/null
there_and_back /srv/last 99.0 "$old"
echo "{\"drill\": \"bundle\", \"installed_s\": $installed, \"set_up_s\": $set_up, \"met_s\": $met, \"two_back_s\": $two_back," \
    "\"one_back_s\": $one_back, \"postgresql_back_s\": $went, \"held\": true}"

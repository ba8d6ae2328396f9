#!/bin/sh
# Upgrade to a bundle while meetings go on, or go back to the release before: `diemcau upgrade`, as root.
#   diemcau upgrade BUNDLE --check    # check all that can be known before, and change nothing
#   diemcau upgrade BUNDLE
#   diemcau upgrade --undo
set -eu
here=/usr/lib/diemcau
data=${DIEMCAU_DATA:-/var/lib/diemcau}
cache=/var/cache/diemcau
releases=/opt/diemcau/releases

fail() {
    echo "diemcau: $1" >&2
    exit 1
}
[ "$(id -u)" = 0 ] || fail "root is needed to upgrade"
[ -r /etc/diemcau/diemcau.env ] && { set -a; . /etc/diemcau/diemcau.env; set +a; }
as_server() { # a command on a data directory, as its user
    DIEMCAU_DATA=$1 setpriv --reuid diemcau --regid diemcau --init-groups --inh-caps=-all env -C / "$2/bin/diemcau" "$3" \
        ${4+"$4"} ${5+"$5"} ${6+"$6"}
}
installed() { dpkg-query --show --showformat '${Version}' diemcau; }
free_mib() { df --output=avail --block-size=1M "$1" | tail -1 | tr -d ' '; }

# Make the environment of a bundle's release beside the one that runs, whose installation then finds it.
stage() {
    package=$(echo "$bundle"/apt/diemcau_*.deb)
    version=$(dpkg-deb --field "$package" Version)
    needed=$(($(stat --format %s "$package") * 5 / 1048576))
    [ "$(free_mib /opt)" -gt "$needed" ] || fail "/opt needs $needed MiB, and has $(free_mib /opt)"
    dpkg-deb --fsys-tarfile "$package" | tar -x -C / --no-same-owner "./opt/diemcau/releases/$version"
    [ -e "$releases/$version/complete" ] || "$here/environment.sh" "$releases/$version"
}

# Bring a copy of the database to the new release's tables, with the settings that the server has.
try_tables() {
    case "${DIEMCAU_DATABASE_URL:-sqlite}" in
    sqlite*) ;;
    *) # one transaction, after a dump: whether that can be made is seen here
        as_server "$data" "$releases/$version/venv" migrate --check >/dev/null || fail "the tables cannot be put back later"
        return ;;
    esac
    size=$(($(stat --format %s "$data/diemcau.sqlite3") / 1048576))
    [ "$(free_mib "$data")" -gt $((3 * size + 64)) ] || fail "$data needs $((3 * size + 64)) MiB, and has $(free_mib "$data")"
    copy=$(mktemp -d "$data/upgrade.XXXXXX")
    trap 'rm -rf "$copy"' EXIT
    chown diemcau: "$copy"
    as_server "$data" /opt/diemcau/.venv admin backup "$copy/backup" >/dev/null
    cp -p "$data/code.key" "$copy" 2>/dev/null || true
    as_server "$copy" /opt/diemcau/.venv admin restore "$copy/backup" >/dev/null || fail "a copy of the database is not read"
    as_server "$copy" "$releases/$version/venv" migrate || fail "the tables cannot be brought to release $version"
    rm -rf "$copy"
    trap - EXIT
}

# Keep what is written now, beside the copy that a change of tables makes by itself.
back_up() {
    case "${DIEMCAU_DATABASE_URL:-sqlite}" in sqlite*) ;; *) return ;; esac
    mkdir -p "$data/before-upgrade"
    chown diemcau: "$data/before-upgrade"
    as_server "$data" /opt/diemcau/.venv admin backup "$data/before-upgrade/$(date -u +%Y%m%dT%H%M%SZ)-$old" >/dev/null
    ls -t "$data"/before-upgrade/* | tail -n +4 | xargs -r rm
}

# Remove all releases but the last three.
forget_old() {
    ls -t "$cache"/diemcau_*.deb | tail -n +4 | xargs -r rm
    for release in "$releases"/*; do
        ls "$cache/diemcau_${release##*/}_"*.deb >/dev/null 2>&1 || rm -rf "$release"
    done
}

# Restart the media workers, which keep the release before until then, each once it was emptied.
restart_workers() {
    workers=$(systemctl list-units --plain --no-legend 'diemcau-worker@*' | sed 's/ .*//')
    if [ "$(echo "$workers" | wc -l)" -lt 2 ]; then
        echo "The media worker keeps the release before until it is restarted, which interrupts its meetings for some seconds:"
        echo "    systemctl restart $workers"
        return
    fi
    for unit in $workers; do
        number=${unit##*@}
        number=${number%.service}
        as_server "$data" /opt/diemcau/.venv admin drain "$number" >/dev/null || { echo "$unit was not emptied"; continue; }
        systemctl restart "$unit"
        as_server "$data" /opt/diemcau/.venv admin drain "$number" --undo >/dev/null
    done
}

# The package of the release before the one that is installed.
package_before() {
    for package in "$cache"/diemcau_*.deb; do
        version=$(dpkg-deb --field "$package" Version)
        dpkg --compare-versions "$version" lt "$1" || continue
        [ -n "${newest-}" ] && dpkg --compare-versions "$version" lt "$newest" && continue
        newest=$version
        echo "$package"
    done | tail -1
}

undo() {
    now=$(installed)
    package=$(package_before "$now")
    [ -n "$package" ] || fail "no release before $now is kept in $cache"
    before=$(dpkg-deb --field "$package" Version)
    known() { as_server "$data" "$releases/$before/venv" admin list-accounts >/dev/null 2>&1; }
    if known; then
        dpkg --install "$package" >/dev/null 2>&1
        restart_workers
    else # it does not know these tables; and media workers have served a later lease than those of before
        systemctl stop diemcau 'diemcau-worker@*'
        as_server "$data" /opt/diemcau/.venv migrate --undo || {
            "$here/start.sh"
            fail "the tables are of release $now, which goes on"
        }
        known || fail "release $before does not know the tables that were put back either; no server runs now"
        dpkg --install "$package" >/dev/null 2>&1 # which starts all
    fi
    rm -f "$cache/diemcau_${now}_"*.deb # from which nothing goes back
    echo "Release $before runs again."
}

bundle=""
action=upgrade
for word in "$@"; do
    case "$word" in
    --check) action=check ;;
    --undo) action=undo ;;
    -*) fail "usage: diemcau upgrade BUNDLE [--check] | --undo" ;;
    *) bundle=$word ;;
    esac
done
[ "$action" != undo ] || { undo && exit; }
[ -n "$bundle" ] && [ -d "$bundle" ] || fail "usage: diemcau upgrade BUNDLE [--check] | --undo"
"$here/verify.sh" "$bundle" /etc/diemcau/bundle.asc
stage
try_tables
old=$(installed)
echo "Release $version can follow $old."
[ "$action" != check ] || exit 0
dpkg --compare-versions "$version" ge "$old" || fail "$version is older than $old: diemcau upgrade --undo goes back"
back_up
"$here/apt.sh" "$bundle" || {
    dpkg --install "$cache/diemcau_${old}_"*.deb >/dev/null 2>&1 || true
    fail "release $version was not installed, and $old runs on"
}
mkdir -p "$cache"
cp "$package" "$cache"
restart_workers
forget_old
echo "Release $version runs, and meetings went on; diemcau upgrade --undo goes back to $old."

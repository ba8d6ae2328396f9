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
    *) echo "The tables are not tried on a copy, for the database is PostgreSQL: run pg_dump before." && return ;;
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

undo() {
    now=$(installed)
    package=$(ls -t "$cache"/diemcau_*.deb 2>/dev/null | grep -v "_${now}_" | head -1)
    [ -n "$package" ] || fail "no release before $now is kept in $cache"
    before=$(dpkg-deb --field "$package" Version)
    if as_server "$data" "$releases/$before/venv" admin list-accounts >/dev/null 2>&1; then
        dpkg --install "$package" >/dev/null 2>&1
    else # it does not know these tables
        copy=$(ls -t "$data"/before-migration/*.sqlite3 2>/dev/null | head -1)
        [ -n "$copy" ] || fail "the tables are of release $now, and no copy of those before is in $data/before-migration"
        systemctl stop diemcau
        aside=$data/aside-$now-$(date -u +%Y%m%dT%H%M%SZ)
        mkdir "$aside"
        mv "$data"/diemcau.sqlite3* "$aside"
        cp -p "$copy" "$data/diemcau.sqlite3"
        chown -R diemcau: "$aside" "$data/diemcau.sqlite3"
        dpkg --install "$package" >/dev/null 2>&1
        echo "What was written since ${copy##*/} is in $aside alone."
    fi
    restart_workers
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

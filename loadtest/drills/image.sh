#!/bin/bash
# The drill `image`: the image of a bundle is loaded and run by podman as a user of no rights, in a network of its own without
# a way out: set up from a file, served, read by HTTPS with the authority that the set-up made; two browsers that were given
# that authority meet; it is stopped, and run again with its data. Needs root (for namespaces alone), podman, crun, uidmap
# and certutil (libnss3-tools).
#   loadtest/drills/image.sh ARCHIVE    # diemcau.oci.tar of a bundle
set -eEu
archive=$(realpath "$1")
checkout=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=loadtest/drills/machine.sh
source "$checkout/loadtest/drills/machine.sh"
if [ "${2-}" != inside ]; then
    exec unshare --mount --propagation private --net --kill-child --fork --pid --mount-proc "$0" "$archive" inside
fi
user=2000
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/home" "$work/runtime"
chmod 755 "$work"
for file in passwd group subuid subgid; do
    { cat "/etc/$file" 2>/dev/null || true; } >"$work/$file"
    touch "/etc/$file"
done
echo "drill:x:$user:$user::$work/home:/bin/sh" >>"$work/passwd"
echo "drill:x:$user:" >>"$work/group"
echo drill:200000:65536 | tee -a "$work/subuid" >>"$work/subgid"
for file in passwd group subuid subgid; do mount --bind "$work/$file" "/etc/$file"; done
chown -R "$user:$user" "$work/home" "$work/runtime"
if mountpoint --quiet /sys/fs/cgroup/unified; then # podman knows cgroup2 alone
    umount --recursive /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
make_lan

rootless() {
    setpriv --reuid "$user" --regid "$user" --clear-groups env -i -C "$work/home" HOME="$work/home" \
        XDG_RUNTIME_DIR="$work/runtime" PATH=/usr/sbin:/usr/bin:/sbin:/bin podman --cgroup-manager cgroupfs --log-level error "$@"
}
run() { # options and arguments, as docs/bundle.md has them
    rootless run --network host --read-only --cap-drop all --stop-timeout 20 \
        --volume diemcau-data:/var/lib/diemcau --volume diemcau-settings:/etc/diemcau "$@"
}
began=$(date +%s.%N)
image=$(rootless load --quiet --input "$archive" | sed 's/^Loaded image: //')
loaded=$(since)
cat >"$work/home/answers.toml" <<'END'
[address]
host = "10.99.0.1"
[certificate]
source = "authority"
[administrator]
account = "quantri"
[units]
table = "units.csv"
END
units_table >"$work/home/units.csv"
run --rm -v "$work/home/answers.toml:/tmp/answers.toml:ro" -v "$work/home/units.csv:/tmp/units.csv:ro" \
    "$image" setup --answers /tmp/answers.toml
volume=$(rootless volume inspect --format '{{.Mountpoint}}' diemcau-settings)
serve() { # and read a page
    run --detach --name diemcau "$image" >/dev/null
    for _ in $(seq 600); do
        python3 - "$volume/authority/authority.pem" 2>/dev/null <<'END' && return
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile=sys.argv[1])
page = urllib.request.urlopen("https://10.99.0.1:8443/", context=context).read()
assert b"<html" in page and b"readyz" not in page
END
        sleep 0.5
    done
    rootless logs diemcau >&2
    return 1
}
accounts() { rootless exec diemcau /usr/sbin/diemcau admin list-accounts | cut -d , -f 1 | sort; }
serve
served=$(since)
[ "$(rootless exec diemcau sh -c 'id -u')" = 900 ]
[ "$(accounts)" = "$(printf 'account\nquantri')" ]
logins=$(two_accounts rootless exec diemcau /usr/sbin/diemcau)
# shellcheck disable=SC2086  # a list on purpose
(cd "$checkout" && PYTHONPATH=$checkout .venv/bin/python -m tests.e2e.installed https://10.99.0.1:8443/ $logins \
    --authority "$volume/authority/authority.pem")
met=$(since)
before=$(accounts)
rootless stop diemcau >/dev/null
rootless rm diemcau >/dev/null
serve
[ "$before" = "$(accounts)" ]
rootless stop diemcau >/dev/null
echo "{\"drill\": \"image\", \"loaded_s\": $loaded, \"served_s\": $served, \"met_s\": $met, \"held\": true}"

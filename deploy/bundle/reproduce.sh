#!/bin/bash
# Make the bundle of the last commit twice and compare all files but the signature: another folder, umask, time zone,
# language and home the second time. It prints one JSON object; where files differ, it lists them and ends with 1.
#   deploy/bundle/reproduce.sh FOLDER [--image]    # made, and left: FOLDER/first and FOLDER/below/second, each a checkout
set -eu
checkout=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(realpath -m "$1")
options=${2-}
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
GNUPGHOME=$home gpg --batch --quiet --passphrase '' --quick-generate-key 'Test <test@localhost>' ed25519 sign never
GNUPGHOME=$home gpg --armor --export-secret-keys >"$home/secret.asc"
GNUPGHOME=$home gpgconf --kill gpg-agent

first=$folder/first
second=$folder/below/second
for copy in "$first" "$second"; do
    rm -rf "$copy"
    mkdir -p "$(dirname "$copy")"
done
git clone --quiet "$checkout" "$first"
(umask 022 && TZ=UTC LC_ALL=C "$first/deploy/bundle/build.sh" "$home/secret.asc" $options) >&2
(umask 077 && git clone --quiet "$checkout" "$second")
mkdir -p "$second/build/bundle-work"
cp -r "$first/build/bundle-work/cache" "$first/build/bundle-work/apt" "$second/build/bundle-work" # what was downloaded
(umask 077 && TZ=Asia/Ho_Chi_Minh LC_ALL=C.UTF-8 HOME=$home "$second/deploy/bundle/build.sh" "$home/secret.asc" $options) >&2

# What differs; of packages also the files in them.
differences() {
    diff --brief --recursive --exclude 'SHA256SUMS*' "$first/build/bundle" "$second/build/bundle" && return
    for package in "$first"/build/bundle/apt/diemcau_*.deb; do
        other=$second/build/bundle/apt/${package##*/}
        cmp --silent "$package" "$other" ||
            diff <(dpkg-deb --fsys-tarfile "$package" | sums) <(dpkg-deb --fsys-tarfile "$other" | sums)
    done
    return 1
}
# shellcheck disable=SC2016  # of the command of tar
sums() { tar --extract --to-command 'echo "$(sha256sum | cut -c -64) $TAR_MODE $TAR_MTIME $TAR_FILENAME"'; }
differences >&2 || { echo '{"drill": "reproduce", "held": false}' && exit 1; }
files=$(find "$first/build/bundle" -type f ! -name 'SHA256SUMS*' | wc -l)
package=$(sha256sum "$first"/build/bundle/apt/diemcau_*.deb | cut -c -64)
echo "{\"drill\": \"reproduce\", \"files\": $files, \"package_sha256\": \"$package\", \"held\": true}"

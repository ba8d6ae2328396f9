#!/bin/sh
# Check that a bundle is what a key signed: the signature, every checksum, and that no file was added. Ends with 1 if not.
#   verify.sh BUNDLE KEY
set -eu
refuse() {
    echo "diemcau: $1: nothing is installed" >&2
    exit 1
}
key=$(realpath "$2")
cd "$1"
[ -r "$key" ] || refuse "there is no key $key"
[ -e SHA256SUMS.asc ] || refuse "the bundle is not signed"
if command -v sqv >/dev/null; then # what apt verifies by in Debian 13
    sqv --keyring "$key" --signature-file SHA256SUMS.asc SHA256SUMS >/dev/null || refuse "the signature is of no key in $key"
else
    ring=$(mktemp)
    gpg --batch --quiet --dearmor --yes --output "$ring" "$key"
    gpgv --quiet --keyring "$ring" SHA256SUMS.asc SHA256SUMS || refuse "the signature is of no key in $key"
    rm -f "$ring"
fi
sha256sum --check --quiet --strict SHA256SUMS || refuse "a file is not the one that was signed"
found=$(find . ! -type d ! -name 'SHA256SUMS*' -printf '%P\n' | LC_ALL=C sort)
[ "$found" = "$(sed 's/^[0-9a-f]*  //' SHA256SUMS)" ] || refuse "a file was added"

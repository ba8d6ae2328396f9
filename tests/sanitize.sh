#!/bin/bash
# Test and fuzz the compiled part with AddressSanitizer and UndefinedBehaviorSanitizer: what reads or writes out of
# bounds, uses freed memory, or computes what C leaves undefined ends the process with a trace.
# The tree is build/sanitize: links to the sources, and compiled modules of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD tree=$PWD/build/sanitize python=$PWD/.venv/bin/python seconds=${1:-12}

runtime=()
for library in libasan.so libubsan.so; do
    path=$(gcc -print-file-name=$library) # gcc answers with the bare name of a library that it does not have
    [ -e "$path" ] || { echo "The sanitizers need gcc with $library: apt-get install gcc" >&2; exit 1; }
    runtime+=("$path")
done

rm -rf "$tree"
mkdir -p "$tree"
ln -s "$root"/{deploy,docs,loadtest,scheduler,signaling,tests,web,pyproject.toml} "$tree"
cp -rs "$root/mediaserver" "$tree"
rm -f "$tree"/mediaserver/*.so
# Compiled for the sanitizers but linked to none: the tests run with gcc's, fuzzing with the one that has libFuzzer.
CC="gcc -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer" LDSHARED="gcc -shared" \
    "$python" setup.py --quiet build_ext --build-lib "$tree" --build-temp "$tree/build/objects"

cd "$tree"
# Leaks are not looked for: CPython frees neither modules nor interned strings at its end. Its allocator of small
# objects is left out, since it would hide where one ends.
sanitized() {
    env LD_PRELOAD="$1" ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc "$python" "${@:2}"
}

# Where a compiled module is missing its twin in Python would pass all tests.
sanitized "${runtime[*]}" -c 'from mediaserver import _mix, _packet_io'
sanitized "${runtime[*]}" -m pytest -q -p no:cacheprovider --capture sys \
    tests/mediaserver/{rtp,transport} tests/mediaserver/peer/test_{forwarder,webrtc}.py \
    tests/mediaserver/audio/test_{limiter,mix_minus,voice_relay}.py tests/mediaserver/worker/test_ticker.py \
    tests/mediaserver/test_native_mix.py
compiled="datagrams inbound pictures planes" # targets that reach compiled loops
sanitized "${runtime[*]}" -m pytest -q -p no:cacheprovider --capture sys tests/fuzz/test_corpus.py -k "${compiled// / or }"
if fuzzer=$("$python" -c 'import atheris; print(atheris.path())' 2>/dev/null); then
    # shellcheck disable=SC2086  # four words
    sanitized "$fuzzer/asan_with_fuzzer.so" -m tests.fuzz $compiled --seconds "$seconds"
else
    echo "Atheris has no wheel for this machine: the compiled part is tested under the sanitizers, but not fuzzed."
fi

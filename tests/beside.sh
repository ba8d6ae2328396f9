#!/bin/sh
# beside.sh BACKGROUND FOREGROUND: run the command BACKGROUND in what FOREGROUND leaves of the machine, and print its
# output afterwards. Fails if either does.
set -u
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Niceness counts within a session alone (sched_autogroup), so the background gets a session with a share of its own.
setsid --wait sh -c 'echo 19 2>/dev/null >/proc/self/autogroup; exec nice -n 19 sh -c "$1"' - "$1" >"$log" 2>&1 &
background=$!
trap 'kill -- -"$background"' INT TERM

sh -c "$2"
foreground=$?
wait "$background"
status=$?
cat "$log"
[ "$foreground" -eq 0 ] && exit "$status"
exit "$foreground"

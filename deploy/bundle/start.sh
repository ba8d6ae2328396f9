#!/bin/sh
# Start the server and its media workers, now and whenever the machine starts; where they run, have the server take its
# settings, which ends no meeting.
set -eu
[ -d /run/systemd/system ] || exit 0
workers=$(sed -n 's/^DIEMCAU_WORKERS=//p' /etc/diemcau/diemcau.env)
for number in $(seq 0 $((${workers:-1} - 1))); do
    systemctl --quiet enable --now "diemcau-worker@$number"
done
if systemctl --quiet is-active diemcau; then
    systemctl restart diemcau
else
    systemctl --quiet enable --now diemcau
fi

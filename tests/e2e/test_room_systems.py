"""Room systems of different stacks call a whole server and are called, cameras too: seen and heard on both sides."""

import json
import subprocess
import sys
from pathlib import Path

KINDS = (
    *("cisco-camera", "dtls-srtp", "linphone-called", "linphone-sdes", "pjsua", "pjsua-called"),
    *("late-renewal", "added-picture", "sipp-hold", "sipp-keys", "sipp-info", "door-info", "mcu", "mcu-h323"),
    *("moved-address", "latched", "whip", "rtsp", "plain-refused", "dscp", "rtx", "high"),
)


def test_room_systems_of_several_stacks_are_seen_and_heard_and_see_and_hear(tmp_path: Path) -> None:
    outcomes = tmp_path / "outcomes"
    command = [sys.executable, "-m", "loadtest", "rooms", *KINDS, "--calls", "1", "--at-once", "2", "--json"]
    run = subprocess.run([*command, "--output", str(outcomes)], stdout=subprocess.PIPE, check=False)
    for call in map(json.loads, outcomes.read_text("utf-8").splitlines()):
        if call["failure"]:
            print(call["kind"], call["failure"], call["detail"], sep="\n")
    kinds = json.loads(run.stdout)["kinds"]
    assert {kind: (kinds[kind]["passed"], kinds[kind]["failures"]) for kind in KINDS} == dict.fromkeys(KINDS, (1, []))
    assert run.returncode == 0

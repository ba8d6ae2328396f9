"""Room systems of different makers' stacks call a whole server and are called: seen and heard on both sides."""

import asyncio

from loadtest.rooms.command import RoomsPlan, run

KINDS = (
    *("tcp", "sdes", "linphone-called", "linphone-sdes", "pjsua", "pjsua-called"),
    *("late-renewal", "added-picture", "sipp-hold", "sipp-keys", "sipp-info", "mcu", "mcu-h323"),
)


def test_room_systems_of_several_stacks_are_seen_and_heard_and_see_and_hear() -> None:
    report = asyncio.run(run(RoomsPlan(1, KINDS, 1, None, None), print)).report()
    assert {kind: (row["passed"], row["failures"]) for kind, row in report["kinds"].items()} == dict.fromkeys(
        KINDS, (1, [])
    )

"""The schedule by which room systems are called and called again (R-057)."""

from datetime import UTC, datetime, timedelta

from scheduler.directory.model import Device
from signaling.sip.bridge.dial_schedule import DialledSystem, DialSchedule, systems

NOW = datetime(2026, 4, 6, 1, 0, tzinfo=UTC)


def vcs(id_: str, point: str = "p", number: int = 1, **fields: object) -> Device:
    about = {"kind": "VCS", "protocol": "SIP", "address": "10.0.0.1", "dial_out": True, **fields}
    return Device(id_, point, number, **about)  # type: ignore[arg-type]


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_the_centre_calls_invited_registered_systems() -> None:
    devices = [
        vcs("a", number=3, kind="PC", dial_out=False, protocol=""),
        vcs("b", number=4),
        vcs("c", "q", dial_out=False),
        vcs("d", "q", 2, protocol="H323"),
        vcs("e", "q", 3, address=None),
        vcs("f", "q", 4),
        vcs("g", "q", 5, address=None),
        vcs("h", "q", 6, address=None, protocol="H323"),
        vcs("i", "q", 7, address=None, protocol="H323", sip_user="2001"),
    ]
    dialled = systems(devices, registered={"a", "g"}).items()
    assert {point: [(n, d.id) for n, d in own] for point, own in dialled} == {
        "p": [(2, "b")],
        "q": [(2, "d"), (4, "f"), (5, "g"), (7, "i")],
    }


def test_r057_again_after_10_30_and_60_seconds_and_then_no_more() -> None:
    system, now, waits = DialledSystem(vcs("a"), 1, "P", due=NOW), NOW, []
    while system.due is not None:
        waits.append((system.due - now).total_seconds())
        now = system.due
        system.calling()
        assert system.due is None
        now += timedelta(seconds=30)
        system.failed(now, 480)
    assert waits == [0, 10, 30, 60]
    assert (system.state, system.status) == ("silent", 480)
    system.ask(now)
    assert [system.state, system.due, system.status] == ["waiting", now, 0]
    system.calling()
    system.failed(now)
    assert system.due == now + timedelta(seconds=10)


def test_a_system_that_was_lost_is_called_at_once_with_its_tries_counted_on() -> None:
    system = DialledSystem(vcs("a"), 1, "P", due=NOW)
    system.failed(NOW)
    system.connected()
    assert (system.away, system.tried, system.vain) == (False, [], 0)
    system.lost(later(60))
    assert (system.state, system.due, system.away) == ("waiting", later(60), True)
    system.failed(later(70))
    system.failed(later(90))
    assert system.tried == [later(70), later(90)]
    assert system.due == later(120)
    system.connected()
    assert (system.away, system.tried) == (False, [])


def test_a_system_that_left_is_not_called_and_one_that_found_no_room_is_tried_again() -> None:
    system = DialledSystem(vcs("a"), 1, "P", due=NOW)
    system.left()
    assert (system.state, system.due) == ("left", None)
    system.vain = 2
    system.postponed(NOW)
    assert (system.state, system.due, system.vain) == ("waiting", later(1), 2)
    for state in ("taken", "full", "elsewhere"):
        getattr(system, state)(NOW)
        assert (system.state, system.due) == (state, later(10))


def test_the_schedule_calls_a_few_at_a_time_and_reports_only_changes() -> None:
    schedule = DialSchedule()
    assert schedule.news() is None
    schedule.expect([DialledSystem(vcs(str(n)), 1, f"P{n}") for n in range(3)], NOW)
    schedule.systems["0"].due = later(5)
    assert [each.device.id for each in schedule.due(NOW, 2)] == ["1", "2"]
    assert [each.device.id for each in schedule.due(later(5), 2)] == ["1", "2"]
    assert [each.device.id for each in schedule.due(later(5), 3)] == ["1", "2", "0"]
    news = schedule.news()
    assert news is not None
    assert [(each.device, each.state, each.at) for each in news.calls] == [
        ("0", "waiting", later(5)),
        ("1", "waiting", NOW),
        ("2", "waiting", NOW),
    ]
    assert schedule.news() is None
    schedule.systems["1"].calling()
    assert schedule.news() is not None


def test_a_system_registered_anew_is_called_at_its_new_address() -> None:
    schedule = DialSchedule()
    schedule.expect([DialledSystem(vcs("a"), 1, "P")], NOW)
    schedule.systems["a"].connected()
    schedule.expect([DialledSystem(vcs("a", address="10.0.0.9"), 2, "P.02"), DialledSystem(vcs("b"), 1, "Q")], later(5))
    first, second = schedule.systems["a"], schedule.systems["b"]
    assert (first.device.address, first.number, first.name, first.state) == ("10.0.0.9", 2, "P.02", "connected")
    assert (second.state, second.due) == ("waiting", later(5))

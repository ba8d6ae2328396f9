"""CPU time is divided by the legs of all calls that were there at the time."""

from loadtest.rooms.leg_cost import LegCost


class Machine:
    """A clock and CPU time that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.cpu_s = 0.0

    def passes(self, seconds: float, cpu_s: float) -> None:
        """Let time pass in which CPU time is used."""
        self.now += seconds
        self.cpu_s += cpu_s


def test_a_call_has_its_part_of_what_several_used() -> None:
    machine = Machine()
    cost = LegCost(lambda: machine.cpu_s, lambda: machine.now)
    machine.passes(100, 50)  # before any call
    with cost.call() as first:
        machine.passes(10, 2)  # 20 seconds of legs
        assert first() == 10.0
        with cost.call() as second:
            machine.passes(5, 3)  # 20 seconds of legs
            assert (first(), second()) == (12.5, 15.0)
        machine.passes(10, 2)  # 20 seconds of legs
        assert first() == 11.67

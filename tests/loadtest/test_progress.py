"""Reports of a command's progress."""

from loadtest.progress import Steps


def test_each_step_is_printed_at_its_beginning_once_a_second_and_at_its_end() -> None:
    printed: list[str] = []
    seconds = iter([0.0, 0.4, 1.1, 1.1, 1.2, 2.0])
    steps = Steps(2, printed.append, lambda: next(seconds))
    steps.begin("Pictures")
    steps.reached(1, 3)
    steps.reached(2, 3)
    steps.reached(3, 3)
    steps.begin("Points")
    assert printed == ["[1/2] Pictures: …", "[1/2] Pictures: 2 of 3", "[1/2] Pictures: 3 of 3", "[2/2] Points: …"]

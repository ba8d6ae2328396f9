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


def test_a_step_that_says_nothing_for_five_seconds_is_told_to_go_on() -> None:
    printed: list[str] = []
    clock = [0.0]
    steps = Steps(2, printed.append, lambda: clock[0])
    steps.tell_if_quiet()
    steps.begin("The server starts")
    for clock[0] in (1.0, 4.9, 5.0, 6.0, 10.1):
        steps.tell_if_quiet()
    steps.end()
    clock[0] = 90.0
    steps.tell_if_quiet()
    assert printed == [
        "[1/2] The server starts: …",
        "[1/2] The server starts: … 5 s",
        "[1/2] The server starts: … 10 s",
    ]

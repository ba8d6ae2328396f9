"""Tests of what is known of neighbours: the time at which they were heard of, and a fault since."""

from signaling.cascade.contacts import Contact, Contacts
from tests.fakes import FakeClock
from tests.signaling.world import NOW


def test_a_fault_stands_beside_the_time_of_before_until_the_neighbour_is_heard_of_or_forgotten() -> None:
    clock = FakeClock(NOW)
    contacts = Contacts(lambda: clock.now)
    assert contacts.of("tinh") == Contact()
    contacts.heard("tinh")
    contacts.failed("tinh", "HTTP 500")
    contacts.failed("xa", "TimeoutError")
    assert (contacts.of("tinh"), contacts.of("xa")) == (Contact(NOW, "HTTP 500"), Contact(None, "TimeoutError"))
    later = clock.advance(60)
    contacts.heard("tinh")
    assert contacts.of("tinh") == Contact(later)
    contacts.forget("tinh")
    contacts.forget("unknown")
    assert (contacts.of("tinh"), contacts.of("xa")) == (Contact(), Contact(None, "TimeoutError"))

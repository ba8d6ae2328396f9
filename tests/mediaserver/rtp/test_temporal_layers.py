"""Tests of VP8's temporal layers: what is forwarded, and what share of the bytes that is."""

from mediaserver.rtp.payload import vp8_descriptor
from mediaserver.rtp.temporal_layers import TemporalLayerFilter, temporal_shares


def payload(layer: int, sync: bool = False, begins: bool = True, size: int = 10) -> bytes:
    """Return a payload of a temporal layer, whose descriptor has every field (RFC 7741 §4.2)."""
    head = bytes([0x90 if begins else 0x80, 0xE0, 0x81, 0x02, 7, layer << 6 | sync << 5])
    return head + bytes(size - len(head))


def passed(each: TemporalLayerFilter, pictures: str) -> str:
    """Return the pictures that pass: digits are layers, `*` before one marks a reference to the lowest layer alone,
    `k` is a key frame."""
    found, sync = "", False
    for word in pictures:
        if word == "*":
            sync = True
            continue
        descriptor = vp8_descriptor(payload(0 if word == "k" else int(word), sync))
        found += word if each.passes(descriptor, word == "k") else ""
        sync = False
    return found


def test_a_descriptor_says_layer_and_references() -> None:
    descriptor = vp8_descriptor(payload(2, sync=True))
    assert (descriptor.temporal_id, descriptor.sync, descriptor.picture_id, descriptor.tl0) == (2, True, 0x102, 7)
    assert descriptor.size == 6
    without = vp8_descriptor(b"\x90\x80\x01!")
    assert (without.temporal_id, without.sync) == (0, False)
    only = vp8_descriptor(b"\x90\x20\x60!")
    assert (only.temporal_id, only.sync, only.size) == (1, True, 3)


def test_all_pass_until_a_limit_is_set_and_none_above_it_afterwards() -> None:
    each = TemporalLayerFilter()
    assert each.passes_all
    assert passed(each, "k21202120212") == "k21202120212"
    each.limit(1)
    assert not each.passes_all
    assert passed(each, "02120212") == "0101"
    each.limit(0)
    assert passed(each, "0212") == "0"


def test_a_higher_layer_is_begun_one_by_one_where_it_refers_to_the_lowest_alone() -> None:
    each = TemporalLayerFilter()
    each.limit(0)
    assert passed(each, "k21202120") == "k00"
    each.limit(None)
    assert passed(each, "0212") == "0"
    assert passed(each, "0*2*12") == "0*1".replace("*", "")
    assert not each.passes_all
    assert passed(each, "0212") == "01"
    assert passed(each, "0*212") == "0212"
    assert each.passes_all


def test_a_key_frame_begins_all_layers() -> None:
    each = TemporalLayerFilter()
    each.limit(0)
    assert passed(each, "0212") == "0"
    each.limit(None)
    assert passed(each, "k212") == "k212"
    assert each.passes_all


def test_a_picture_is_forwarded_to_its_end_when_a_limit_comes_within_it() -> None:
    each = TemporalLayerFilter()
    assert each.passes(vp8_descriptor(payload(2)), False)
    each.limit(0)
    assert each.passes(vp8_descriptor(payload(2, begins=False)), False)
    assert passed(each, "1") == ""


def test_a_key_frame_passes_whatever_layer_it_claims() -> None:
    each = TemporalLayerFilter()
    each.limit(0)
    assert each.passes(vp8_descriptor(payload(3)), True)
    assert not each.passes(vp8_descriptor(payload(3, begins=False)), False)


def test_shares_are_those_of_each_layer_with_all_below_it() -> None:
    payloads = [payload(layer, size=size) for layer, size in ((0, 40), (2, 20), (1, 20), (2, 20))]
    assert temporal_shares(payloads) == (0.4, 0.6, 1.0)
    assert temporal_shares([payload(0), b"", b"\x90"]) == (1.0,)
    assert temporal_shares([]) == (1.0,)
    assert temporal_shares([payload(2, size=50)]) == (0.0, 0.0, 1.0), "a sender may skip some"
